package org.codanet.cli.console;

/** Exit codes of all commands. */
public final class ExitCodes {
    /** The command did its work. */
    public static final int SUCCESS = 0;

    /** The command failed, for example because a file is missing. */
    public static final int FAILURE = 1;

    /** The command line is wrong. */
    public static final int WRONG_USAGE = 2;

    /** Ctrl-C ended the command. As in shells: 128 plus the number of SIGINT. */
    public static final int INTERRUPTED = 130;

    /** The reader of the output has closed it, as {@code head} does. As in shells: 128 plus the number of SIGPIPE. */
    public static final int OUTPUT_CLOSED = 141;

    /** These codes as text for help pages. */
    public static final String TEXT =
            "0 success; 1 failure, such as a missing file or a file with unexpected content; 2 wrong"
                    + " usage; 130 interrupted by Ctrl-C; 141 the reader of the output has closed it.";

    private ExitCodes() {}
}
