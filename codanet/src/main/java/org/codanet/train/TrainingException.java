package org.codanet.train;

/** Training cannot continue: a value is not finite, or a checkpoint belongs to another run. The message names the value or the difference. */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TrainingException(String message) {
        super(message);
    }
}
