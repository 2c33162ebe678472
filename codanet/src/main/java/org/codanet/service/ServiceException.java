package org.codanet.service;

import java.util.Objects;

/** A call that was refused or failed. {@link #outcome} says why, and the message is one sentence for people. */
public final class ServiceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Outcome outcome;

    /**
     * A refusal.
     *
     * @param outcome anything but {@link Outcome#SUCCESS}
     * @param message what was refused and why
     */
    public ServiceException(Outcome outcome, String message) {
        this(outcome, message, null);
    }

    /**
     * A refusal with its cause.
     *
     * @param outcome anything but {@link Outcome#SUCCESS}
     * @param message what was refused and why
     * @param cause what revealed it, or null
     */
    public ServiceException(Outcome outcome, String message, Throwable cause) {
        super(message, cause);
        this.outcome = Objects.requireNonNull(outcome);
    }

    /** Why there is no result. */
    public Outcome outcome() {
        return outcome;
    }
}
