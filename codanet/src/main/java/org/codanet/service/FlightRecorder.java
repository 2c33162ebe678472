package org.codanet.service;

import java.time.Duration;
import java.util.Optional;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Writes the reports of a service as events of the JDK Flight Recorder. They cost next to nothing while no recording runs. */
final class FlightRecorder implements ServiceListener {
    @Name("org.codanet.ExplanationCall")
    @Label("Explanation Call")
    @Category("codanet")
    @StackTrace(false)
    static final class CallEvent extends Event {
        @Label("Model")
        String model;

        @Label("Outcome")
        String outcome;

        @Label("Decode")
        @Timespan
        long decode;

        @Label("Queue")
        @Timespan
        long queue;

        @Label("Compute")
        @Timespan
        long compute;

        @Label("Total")
        @Timespan
        long total;
    }

    @Name("org.codanet.ExplanationBatch")
    @Label("Explanation Batch")
    @Category("codanet")
    @StackTrace(false)
    static final class BatchEvent extends Event {
        @Label("Model")
        String model;

        @Label("Device")
        String device;

        @Label("Calls")
        int calls;

        @Label("Compute")
        @Timespan
        long compute;

        @Label("Failure")
        String failure;
    }

    @Name("org.codanet.ModelLoad")
    @Label("Model Load")
    @Category("codanet")
    @StackTrace(false)
    static final class ModelEvent extends Event {
        @Label("Model")
        String model;

        @Label("Version")
        int version;

        @Label("Device")
        String device;

        @Label("Load Time")
        @Timespan
        long time;
    }

    @Override
    public void callEnded(String model, Outcome outcome, CallTimings timings) {
        CallEvent event = new CallEvent();
        if (event.shouldCommit()) {
            event.model = model;
            event.outcome = outcome.name();
            event.decode = timings.decode().toNanos();
            event.queue = timings.queue().toNanos();
            event.compute = timings.compute().toNanos();
            event.total = timings.total().toNanos();
            event.commit();
        }
    }

    @Override
    public void batchEnded(String model, String device, int size, Duration compute, Optional<Throwable> failure) {
        BatchEvent event = new BatchEvent();
        if (event.shouldCommit()) {
            event.model = model;
            event.device = device;
            event.calls = size;
            event.compute = compute.toNanos();
            event.failure = failure.map(Throwable::toString).orElse(null);
            event.commit();
        }
    }

    @Override
    public void modelLoaded(ModelInfo model, String device, Duration time) {
        ModelEvent event = new ModelEvent();
        if (event.shouldCommit()) {
            event.model = model.name();
            event.version = model.version();
            event.device = device;
            event.time = time.toNanos();
            event.commit();
        }
    }
}
