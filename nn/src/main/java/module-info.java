/** Tensors, devices, operations and layers. */
module org.codanet.nn {
    requires org.codanet.bindings;
    requires static jdk.incubator.vector;

    exports org.codanet.nn.op;
}
