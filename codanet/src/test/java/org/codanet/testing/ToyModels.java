package org.codanet.testing;

import java.util.Map;
import java.util.Optional;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;

/** Model files with random weights. */
public final class ToyModels {
    private ToyModels() {}

    /** A model with the initial weights of seed 5. */
    public static ModelFile untrained(CodaNetConfig config, Optional<Preprocessing> preprocessing) {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
                Scope scope = Scope.open("toy model");
                CodaNet net = CodaNet.create(config, LossKind.BCE, device, scope, 5)) {
            return new ModelFile(config, net.weights(), preprocessing, Optional.empty(), Map.of());
        }
    }
}
