package org.codanet.cli.console;

/** The output of a command can no longer be written, so the command stops. */
final class OutputClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutputClosedException() {
        super("the output cannot be written");
    }
}
