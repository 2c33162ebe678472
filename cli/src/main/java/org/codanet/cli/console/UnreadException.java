package org.codanet.cli.console;

/** What a command prints can no longer be written, so that there is no use in going on. */
final class UnreadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadException() {
        super("what is printed cannot be written");
    }
}
