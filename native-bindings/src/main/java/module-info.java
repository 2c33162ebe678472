/** Native libraries: finds and loads them, and binds the functions that codanet calls. */
module org.codanet.bindings {
    exports org.codanet.bindings to
            org.codanet.nn,
            org.codanet.gpu;
    exports org.codanet.bindings.dnnl to
            org.codanet.nn;
    exports org.codanet.bindings.cublas to
            org.codanet.gpu;
    exports org.codanet.bindings.cublaslt to
            org.codanet.gpu;
    exports org.codanet.bindings.cuda to
            org.codanet.gpu;
    exports org.codanet.bindings.cudnn to
            org.codanet.gpu;
    exports org.codanet.bindings.nvrtc to
            org.codanet.gpu;
}
