package org.codanet.service;

/** How a call ended. Every call ends in exactly one way. */
public enum Outcome {
    /** With a result. */
    SUCCESS,
    /** Refused: the queue of the model is full. */
    QUEUE_FULL,
    /** Refused: the deadline passed before there was a result. */
    DEADLINE,
    /** The caller cancelled the future, completed it, or was interrupted. */
    CANCELLED,
    /** Refused: the image cannot be read, or the options do not fit the model. */
    INVALID,
    /** Refused: the service has no model of that name. */
    UNKNOWN_MODEL,
    /** Refused: no device works any more. */
    DEVICE_LOST,
    /** Failed: the device works, but this call cannot be computed, for example because memory is short for it alone. */
    FAILED,
    /** Refused: the service is closed or closing. */
    CLOSED
}
