package org.codanet.bindings;

import java.util.Objects;

/**
 * One place where a library was looked for, and why it was not taken.
 *
 * @param origin which rule named the place, such as {@code codanet.dnnl.path}
 * @param candidate the file or name that was tried
 * @param reason what the dynamic linker, the file system or our own check said
 */
public record Rejection(String origin, String candidate, String reason) {
    /** All three parts are needed. */
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
