package org.codanet.service;

import java.util.List;
import java.util.Optional;

/**
 * The state of a service at one moment.
 *
 * @param state whether it takes calls
 * @param devices each device and whether it works
 * @param models the models in the order in which they were added
 */
public record ServiceHealth(State state, List<DeviceHealth> devices, List<ModelHealth> models) {
    /** Whether a service takes calls. */
    public enum State {
        /** It takes calls, but {@code warmUp} has not run, so the first calls are slow. */
        STARTING,
        /** It is warmed up and takes calls. */
        READY,
        /** No device works, so calls are refused. */
        DEVICE_LOST,
        /** It is closing or closed, so calls are refused. */
        CLOSED
    }

    /**
     * One device.
     *
     * @param name such as {@code cpu}
     * @param description hardware, libraries and precision
     * @param reason why {@code auto} selected it
     * @param failure why it stopped working; empty if it works
     */
    public record DeviceHealth(String name, String description, String reason, Optional<String> failure) {}

    /**
     * One model.
     *
     * @param model the model
     * @param waiting calls that are admitted and not yet taken by a device
     * @param computing calls that a device has taken and not yet computed
     * @param maxQueue the largest number of waiting calls
     */
    public record ModelHealth(ModelInfo model, int waiting, int computing, int maxQueue) {}

    /** Whether the service is warmed up and takes calls. */
    public boolean isReady() {
        return state == State.READY;
    }
}
