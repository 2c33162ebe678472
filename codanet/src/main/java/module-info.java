/** CoDA-Nets: data, model, training, explanations and pictures. */
module org.codanet {
    requires transitive org.codanet.nn;
    requires com.google.gson;
    requires jdk.jfr;
    requires transitive java.desktop;

    exports org.codanet.adapt;
    exports org.codanet.attribution;
    exports org.codanet.attribution.method;
    exports org.codanet.comparison;
    exports org.codanet.data.batch;
    exports org.codanet.data.dataset;
    exports org.codanet.data.decode;
    exports org.codanet.data.image;
    exports org.codanet.data.transform;
    exports org.codanet.evaluate;
    exports org.codanet.explain;
    exports org.codanet.file;
    exports org.codanet.file.npy;
    exports org.codanet.file.safetensors;
    exports org.codanet.file.torch;
    exports org.codanet.file.weights;
    exports org.codanet.input;
    exports org.codanet.measure;
    exports org.codanet.metrics;
    exports org.codanet.model;
    exports org.codanet.onnx;
    exports org.codanet.pipeline;
    exports org.codanet.quickstart;
    exports org.codanet.recipe;
    exports org.codanet.render;
    exports org.codanet.report;
    exports org.codanet.run;
    exports org.codanet.service;
    exports org.codanet.train;
    exports org.codanet.video;
}
