/** The command line. */
module org.codanet.cli {
    requires org.codanet;
    requires com.google.gson;
    requires info.picocli;
    requires jdk.management;

    opens org.codanet.cli to
            info.picocli;
}
