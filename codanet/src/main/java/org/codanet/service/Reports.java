package org.codanet.service;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Counts what a service does, and passes it on to the listener and to the flight recorder. */
final class Reports {
    private final List<ServiceListener> listeners;
    private final Map<String, ModelMetrics> metrics = new ConcurrentHashMap<>();

    Reports(ServiceListener listener) {
        this.listeners = List.of(new FlightRecorder(), listener);
    }

    /** The metrics of a model, which exist from its first version on. */
    ModelMetrics of(String model) {
        return metrics.computeIfAbsent(model, name -> new ModelMetrics());
    }

    /** @param known whether the service has that model; otherwise any caller could add names */
    void callEnded(String model, boolean known, Outcome outcome, CallTimings timings) {
        if (known) {
            ModelMetrics ofModel = of(model);
            ofModel.count(outcome);
            if (outcome == Outcome.SUCCESS) {
                ofModel.addTimings(timings);
            }
        }
        tell(listener -> listener.callEnded(model, outcome, timings));
    }

    void batchEnded(String model, String device, int size, Duration compute, Optional<Throwable> failure) {
        if (failure.isEmpty()) {
            of(model).addBatch(size);
        }
        tell(listener -> listener.batchEnded(model, device, size, compute, failure));
    }

    void modelLoaded(ModelInfo model, String device, Duration time) {
        tell(listener -> listener.modelLoaded(model, device, time));
    }

    void deviceLost(String device, Throwable reason) {
        tell(listener -> listener.deviceLost(device, reason));
    }

    void deviceReopened(String device, Duration time) {
        tell(listener -> listener.deviceReopened(device, time));
    }

    private void tell(Consumer<ServiceListener> report) {
        for (ServiceListener listener : listeners) {
            try {
                report.accept(listener);
            } catch (RuntimeException ignored) {
                // A listener that fails must not fail the call that is reported to it.
            }
        }
    }
}
