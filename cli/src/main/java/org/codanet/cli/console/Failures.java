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
 * Converts exceptions to an error message of one sentence and an {@linkplain ExitCodes exit code}. Stack traces are printed with
 * {@code --verbose} only.
 *
 * <p>An error is wrong usage if the command line alone explains it: an unknown option, a number out of range, the name of an
 * experiment that does not exist. A missing file, or a file with unexpected content, is a failure.
 */
public final class Failures {
    private Failures() {}

    /** Handles an exception that a command threw. */
    public static int report(Exception thrown, CommandLine line, ParseResult parsed) {
        if (thrown instanceof OutputClosedException) {
            // A reader that has closed the output needs no message. Main reports a full disk at the end.
            return ExitCodes.OUTPUT_CLOSED;
        }
        Throwable cause = thrown instanceof UncheckedIOException unchecked ? unchecked.getCause() : thrown;
        PrintWriter err = line.getErr();
        boolean verbose = verbose(parsed);
        err.println("codanet " + line.getCommandName() + ": " + sentence(cause, verbose));
        if (verbose) {
            thrown.printStackTrace(err);
        }
        err.flush();
        return cause instanceof IllegalArgumentException || cause instanceof ParameterException
                ? ExitCodes.WRONG_USAGE
                : ExitCodes.FAILURE;
    }

    /** Handles a command line that the parser rejected. */
    public static int reportUsage(ParameterException rejection, String[] args) {
        CommandLine line = rejection.getCommandLine();
        PrintWriter err = line.getErr();
        err.println(line.getCommandSpec().qualifiedName() + ": " + usageSentence(rejection));
        if (rejection instanceof UnmatchedArgumentException unmatched) {
            String suggestions = String.join(", ", unmatched.getSuggestions());
            if (!suggestions.isEmpty()) {
                err.println("Did you mean: " + suggestions + "?");
            }
        }
        err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        err.flush();
        return ExitCodes.WRONG_USAGE;
    }

    private static String usageSentence(ParameterException rejection) {
        // Where several file names are allowed, picocli reports a name that cannot be converted as unmatched.
        return rejection instanceof UnmatchedArgumentException unmatched
                        && unmatched.getUnmatched().contains("")
                ? "an empty name is not a file name"
                : lowerFirst(oneLine(rejection.getMessage()));
    }

    /** The error message, on one line. */
    public static String sentence(Throwable thrown, boolean verbose) {
        String message = thrown.getMessage() == null ? "" : oneLine(thrown.getMessage());
        return switch (thrown) {
            case NoSuchFileException e -> "no such file: " + e.getFile();
            case FileNotFoundException e -> "cannot open " + message;
            case AccessDeniedException e -> "permission denied: " + e.getFile();
            case FileAlreadyExistsException e -> "a file is in the way: " + e.getFile();
            case DirectoryNotEmptyException e -> "the folder is not empty: " + e.getFile();
            case NotDirectoryException e -> "not a folder: " + e.getFile();
            case FileSystemException e
            when e.getReason() != null && e.getFile() != null -> e.getFile() + ": " + e.getReason();
            case IOException e when !message.isEmpty() -> message;
            case IllegalArgumentException e when !message.isEmpty() -> message;
            // Messages of codanet's own exceptions are written for users. Those of the JDK often are not.
            case RuntimeException e
            when e.getClass().getName().startsWith("org.codanet.") && !message.isEmpty() -> message;
            case IllegalStateException e when !message.isEmpty() -> message;
            case ParameterException e -> message;
            default -> {
                String what = thrown.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + message);
                yield "unexpected failure: " + what + (verbose ? "" : " (--verbose prints the stack trace)");
            }
        };
    }

    /** The message for an out-of-memory error. The JVM throws it if its heap is full, and if the system refuses to start another thread. */
    public static String outOfMemory(OutOfMemoryError thrown) {
        String message = String.valueOf(thrown.getMessage());
        return message.contains("native thread")
                ? "the system cannot start more threads; use fewer with --threads"
                : "the Java heap is full (" + oneLine(message) + "); enlarge it with CODANET_JAVA_OPTS=-Xmx8g";
    }

    private static boolean verbose(ParseResult parsed) {
        ParseResult innermost = parsed;
        while (innermost != null && innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        return innermost != null && innermost.hasMatchedOption("--verbose");
    }

    /** The text with its line breaks replaced. */
    public static String oneLine(String message) {
        return message.strip().replaceAll("(?<=[:;])\\s*\\R\\s*", " ").replaceAll("\\s*\\R\\s*", "; ");
    }

    private static String lowerFirst(String message) {
        return message.isEmpty() ? message : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }
}
