/** The CUDA device. */
module org.codanet.gpu {
    requires org.codanet.bindings;
    requires org.codanet.nn;
}
