package org.codanet.bindings;

import java.util.Objects;

/**
 * A candidate for a library, and why it was not used.
 *
 * @param origin the rule that named the candidate, such as {@code codanet.dnnl.path}
 * @param candidate the file or name that was tried
 * @param reason message of the dynamic linker, of the file system or of codanet's own check
 */
public record Rejection(String origin, String candidate, String reason) {
    /** Requires all three parts. */
    public Rejection {
        Objects.requireNonNull(origin, "origin");
        Objects.requireNonNull(candidate, "candidate");
        Objects.requireNonNull(reason, "reason");
    }

    @Override
    public String toString() {
        return (origin.equals(candidate) ? origin : origin + ": " + candidate) + ": " + reason;
    }
}
