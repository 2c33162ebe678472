/** Tensors, devices, operations and layers, with the CPU device and the reference device. */
module org.codanet.nn {
    requires org.codanet.bindings;
    requires static jdk.incubator.vector;

    exports org.codanet.nn.counting;
    exports org.codanet.nn.device;
    exports org.codanet.nn.layer;
    exports org.codanet.nn.op;
    exports org.codanet.nn.op.alignment;
    exports org.codanet.nn.tensor;

    uses org.codanet.nn.device.DeviceProvider;

    provides org.codanet.nn.device.DeviceProvider with
            org.codanet.nn.cpu.CpuDeviceProvider,
            org.codanet.nn.reference.ReferenceDeviceProvider;
}
