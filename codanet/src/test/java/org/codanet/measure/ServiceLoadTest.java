package org.codanet.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.codanet.explain.Target;
import org.codanet.model.Preprocessing;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationService;
import org.codanet.service.ServiceImage;
import org.codanet.testing.ToyModels;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;

/** Loads measure what they say. */
final class ServiceLoadTest {
    @Test
    void aClosedLoopAndPoissonArrivals() throws Exception {
        try (ExplanationService service = ExplanationService.builder()
                .model(
                        "toy",
                        ToyModels.untrained(Toys.network(), Optional.of(new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0))))
                .device("cpu")
                .build()) {
            service.warmUp();
            ServiceLoad load = new ServiceLoad(
                    service, List.of(ServiceImage.of(Toys.batch(1, 1))), ExplainOptions.of(Target.predicted()));

            ServiceMeasurement closed = load.closed(4, 0.5);
            assertEquals("closed", closed.arrivals());
            assertTrue(closed.throughput() > 0 && closed.refused() == 0, closed.toString());
            assertTrue(closed.meanBatch() >= 1 && closed.meanBatch() <= 4, closed.toString());

            ServiceMeasurement slow = load.poisson(100, 1, 7);
            assertTrue(slow.throughput() > 50 && slow.throughput() < 160, slow.toString());
            assertTrue(slow.total().p50() >= slow.compute().p50(), slow.toString());
            assertTrue(slow.total().p999() >= slow.total().p50(), slow.toString());
        }
    }
}
