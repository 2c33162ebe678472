package org.codanet.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.codanet.model.CodaNetConfig;
import org.junit.jupiter.api.Test;

final class WorkCountTest {
    /** The paper's network for CIFAR-10. Counted by hand, its layers add up to 0.886 GMAC. */
    @Test
    void countsTheMultiplyAddsOfThePapersNetwork() {
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
        // The dynamic weights are computed once for all ten classes, so ten classes take 16 % more than one.
        double all = work.explanation(10) - work.forward();
        double one = work.explanation(1) - work.forward();
        assertEquals(1.16, all / one, 0.03);
    }
}
