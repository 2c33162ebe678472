/** CoDA-Nets: data, model, training, explanations and pictures. */
module org.codanet {
    requires transitive org.codanet.nn;
    requires com.google.gson;
    requires transitive java.desktop;

    exports org.codanet.explain;
    exports org.codanet.data;
    exports org.codanet.file;
    exports org.codanet.model;
    exports org.codanet.render;
    exports org.codanet.report;
    exports org.codanet.train;
}
