/** The command line. */
module org.codanet.cli {
    requires org.codanet;
    requires info.picocli;

    opens org.codanet.cli to info.picocli;
}
