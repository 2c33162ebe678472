package org.codanet.train;

/** Training cannot go on: a value is not finite, or a checkpoint belongs to another run. The message names what and where. */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TrainingException(String message) {
        super(message);
    }
}
