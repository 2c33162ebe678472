/** Native libraries: where they are, and the functions of them that codanet calls. */
module org.codanet.bindings {
    exports org.codanet.bindings to
            org.codanet.nn,
            org.codanet.gpu;
    exports org.codanet.bindings.dnnl to
            org.codanet.nn;
}
