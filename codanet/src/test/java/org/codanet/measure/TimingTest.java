package org.codanet.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TimingTest {
    @Test
    void givesMedianPercentileAndBestOfKnownDurations() {
        assertEquals(2.5, new Timing(List.of(4.0, 1.0, 3.0, 2.0)).median());
        assertEquals(2, new Timing(List.of(9.0, 1.0, 2.0)).median());
        Timing hundred = new Timing(
                IntStream.rangeClosed(1, 100).mapToObj(i -> (double) i).toList());
        assertEquals(99, hundred.percentile99());
        assertEquals(1, hundred.best());
        assertEquals(9, new Timing(List.of(9.0, 1.0, 2.0)).percentile99());
    }

    @Test
    void doesNotCountTheWarmUp() {
        AtomicInteger calls = new AtomicInteger();
        Timing timing = Timing.of(calls::incrementAndGet, 0);
        assertEquals(5, timing.runs());
        assertTrue(calls.get() > timing.runs());
    }

    @Test
    void refusesToDescribeNoCall() {
        assertThrows(IllegalArgumentException.class, () -> new Timing(List.of()));
    }
}
