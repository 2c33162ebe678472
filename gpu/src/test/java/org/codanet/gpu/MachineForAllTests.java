package org.codanet.gpu;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Builds the simulated machine before tests that open their devices by name. */
public final class MachineForAllTests implements BeforeAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        SimulatedMachine.get();
    }
}
