package org.codanet.cli.console;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Exceptions to one clear sentence and an exit code. Stack traces come with {@code --verbose} only.
 *
 * <p>Wrong usage is what the command line alone has wrong: an option that is not known, a number out of range, a name of nothing. A
 * file that is missing, of another kind or with other contents than is needed is a failure of the work.
 */
public final class Failures {
    /** Exit code of work that failed. */
    public static final int FAILED = 1;

    /** Exit code of a command line that asks for what cannot be. */
    static final int WRONG_USAGE = 2;

    /** Exit code of a process that ended by Ctrl-C, as shells have it: 128 and the number of the signal SIGINT. */
    public static final int INTERRUPTED = 130;

    /** Exit code where nobody reads what is printed any more, as shells have it: 128 and the number of the signal SIGPIPE. */
    public static final int UNREAD = 141;

    private Failures() {}

    /** What a command threw. */
    public static int report(Exception thrown, CommandLine line, ParseResult parsed) {
        if (thrown instanceof UnreadException) {
            // Whoever has left needs no words; a full disk gets them in the end.
            return UNREAD;
        }
        Throwable cause = thrown instanceof UncheckedIOException unchecked ? unchecked.getCause() : thrown;
        PrintWriter err = line.getErr();
        boolean verbose = verbose(parsed);
        err.println("codanet " + line.getCommandName() + ": " + sentence(cause, verbose));
        if (verbose) {
            thrown.printStackTrace(err);
        }
        err.flush();
        return cause instanceof IllegalArgumentException || cause instanceof ParameterException ? WRONG_USAGE : FAILED;
    }

    /** What the parser refused. */
    public static int reportUsage(ParameterException refusal, String[] args) {
        CommandLine line = refusal.getCommandLine();
        PrintWriter err = line.getErr();
        err.println(line.getCommandSpec().qualifiedName() + ": " + usageSentence(refusal));
        if (refusal instanceof UnmatchedArgumentException unmatched) {
            String suggestions = String.join(", ", unmatched.getSuggestions());
            if (!suggestions.isEmpty()) {
                err.println("Did you mean: " + suggestions + "?");
            }
        }
        err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        err.flush();
        return WRONG_USAGE;
    }

    private static String usageSentence(ParameterException refusal) {
        // Where any number of names may come the parser calls one that cannot be converted too many.
        return refusal instanceof UnmatchedArgumentException unmatched
                        && unmatched.getUnmatched().contains("")
                ? "an empty name names no file"
                : lowerFirst(oneLine(refusal.getMessage()));
    }

    /** One line that says what went wrong. */
    public static String sentence(Throwable thrown, boolean verbose) {
        String message = thrown.getMessage() == null ? "" : oneLine(thrown.getMessage());
        return switch (thrown) {
            case NoSuchFileException e -> "there is no file " + e.getFile();
            case FileNotFoundException e -> "cannot open " + message;
            case AccessDeniedException e -> "permission denied: " + e.getFile();
            case FileAlreadyExistsException e -> "a file is in the way: " + e.getFile();
            case DirectoryNotEmptyException e -> "the folder is not empty: " + e.getFile();
            case NotDirectoryException e -> "not a folder: " + e.getFile();
            case FileSystemException e
            when e.getReason() != null && e.getFile() != null -> e.getFile() + ": " + e.getReason();
            case IOException e when !message.isEmpty() -> message;
            case IllegalArgumentException e when !message.isEmpty() -> message;
            // Our own exceptions say what went wrong; the JDK's often say it to programmers only.
            case RuntimeException e
            when e.getClass().getName().startsWith("org.codanet.") && !message.isEmpty() -> message;
            case IllegalStateException e when !message.isEmpty() -> message;
            case ParameterException e -> message;
            default -> {
                String what = thrown.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + message);
                yield "failed unexpectedly: " + what + (verbose ? "" : " (--verbose shows where)");
            }
        };
    }

    /** The JVM throws the same error for its heap and for threads that the system refuses. */
    public static String outOfMemory(OutOfMemoryError thrown) {
        String message = String.valueOf(thrown.getMessage());
        return message.contains("native thread")
                ? "the system lets this program start no more threads; take fewer with --threads"
                : "the Java heap is full (" + oneLine(message) + "); more of it: CODANET_JAVA_OPTS=-Xmx8g";
    }

    private static boolean verbose(ParseResult parsed) {
        ParseResult innermost = parsed;
        while (innermost != null && innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        return innermost != null && innermost.hasMatchedOption("--verbose");
    }

    /** The text without line breaks. */
    public static String oneLine(String message) {
        return message.strip().replaceAll("(?<=[:;])\\s*\\R\\s*", " ").replaceAll("\\s*\\R\\s*", "; ");
    }

    private static String lowerFirst(String message) {
        return message.isEmpty() ? message : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }
}
