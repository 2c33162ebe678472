package org.codanet.service;

import java.time.Duration;
import java.util.Optional;

/**
 * Gets reports of a service, for example for a metrics library. Methods may be called from several threads at once, also from the thread
 * that submits work to the device, so they must return quickly. An exception that they throw is ignored. {@link #none} does nothing.
 */
public interface ServiceListener {
    /** A listener that does nothing. */
    static ServiceListener none() {
        return new ServiceListener() {};
    }

    /**
     * A call ended.
     *
     * @param model name of the model, or the name that was asked for
     * @param timings parts that the call did not reach are zero
     */
    default void callEnded(String model, Outcome outcome, CallTimings timings) {}

    /**
     * A batch was computed, or failed.
     *
     * @param size number of calls
     * @param failure why it failed; the calls are then explained in smaller batches
     */
    default void batchEnded(String model, String device, int size, Duration compute, Optional<Throwable> failure) {}

    /** A model was uploaded to a device. */
    default void modelLoaded(ModelInfo model, String device, Duration time) {}

    /** A device stopped working. */
    default void deviceLost(String device, Throwable reason) {}

    /** A device that had stopped working was opened again. */
    default void deviceReopened(String device, Duration time) {}
}
