/** The CUDA device. Nothing is exported: the device is found as a service, and all else works without this module. */
module org.codanet.gpu {
    requires org.codanet.bindings;
    requires org.codanet.nn;

    provides org.codanet.nn.device.DeviceProvider with
            org.codanet.gpu.CudaDeviceProvider;
}
