/** The command line. */
module org.codanet.cli {
    requires org.codanet;
    requires com.google.gson;
    requires info.picocli;
    requires jdk.httpserver;
    requires jdk.management;

    opens org.codanet.cli to
            info.picocli;
    opens org.codanet.cli.command to
            info.picocli;
    opens org.codanet.cli.console to
            info.picocli;
    opens org.codanet.cli.option to
            info.picocli;
}
