package org.codanet.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.codanet.model.CodaNetConfig;
import org.junit.jupiter.api.Test;

final class TimingTest {
    @Test
    void medianAndPercentileOfKnownTimes() {
        assertEquals(2.5, new Timing(List.of(4.0, 1.0, 3.0, 2.0)).median());
        assertEquals(2, new Timing(List.of(9.0, 1.0, 2.0)).median());
        Timing hundred = new Timing(
                IntStream.rangeClosed(1, 100).mapToObj(i -> (double) i).toList());
        assertEquals(99, hundred.percentile99());
        assertEquals(1, hundred.best());
        assertEquals(9, new Timing(List.of(9.0, 1.0, 2.0)).percentile99());
    }

    @Test
    void warmUpIsNotCounted() {
        AtomicInteger calls = new AtomicInteger();
        Timing timing = Timing.of(calls::incrementAndGet, 0);
        assertEquals(5, timing.runs());
        assertTrue(calls.get() > timing.runs());
    }

    /** The paper's network for CIFAR-10: 0.886 GMAC is what its layers add up to by hand. */
    @Test
    void countsTheWorkOfThePapersNetwork() {
        CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(16, 32, 3, 1, 1)
                .layer(16, 32, 3, 1, 1)
                .layer(32, 64, 3, 2, 1)
                .layer(32, 64, 3, 1, 1)
                .layer(32, 64, 3, 1, 1)
                .layer(64, 64, 3, 2, 1)
                .layer(64, 64, 3, 1, 1)
                .layer(64, 64, 3, 1, 1)
                .layer(10, 64, 1, 1, 0)
                .temperature(1000)
                .build();

        WorkCount work = new WorkCount(config, 32, 32);

        assertEquals(0.886e9, work.forward(), 0.0205e9);
        assertEquals(4 * work.forward(), work.training());
        // The weights of all ten classes are computed once: 16 % more than for one.
        double all = work.explanation(10) - work.forward();
        double one = work.explanation(1) - work.forward();
        assertEquals(1.16, all / one, 0.03);
    }
}
