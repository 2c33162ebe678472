package org.codanet.cli.command;

import java.util.Optional;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.DeviceProvider;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;

/** A network of two layers that shows whether a device computes: one forward and one explanation of one small image. */
final class TinyNet {
    private static final int SIDE = 8;

    private TinyNet() {}

    /** What the device calls itself, and what went wrong, if anything. */
    record Outcome(String description, Optional<String> problem) {}

    /** Opens a device, runs, closes it. @throws RuntimeException what the device throws */
    static Outcome run(DeviceProvider provider) {
        CodaNetConfig config = CodaNetConfig.builder(6)
                .layer(8, 4, 3, 1, 1)
                .layer(3, 4, 3, 2, 1)
                .temperature(10)
                .build();
        float[] image = new float[3 * SIDE * SIDE];
        for (int i = 0; i < image.length; i++) {
            image[i] = (i * 37 % 101) / 100f;
        }
        try (Device device = provider.open(0, DeviceOptions.defaults());
                Scope scope = Scope.open("doctor");
                CodaNet net = CodaNet.create(config, LossKind.BCE, device, scope, 1)) {
            Explanation explanation = new Explainer(net).explain(image, Shape.of(1, 3, SIDE, SIDE), Target.all());
            Optional<String> problem = explanation.identityHolds()
                    ? Optional.empty()
                    : Optional.of("the contributions to a tiny network's logits do not add up to them");
            return new Outcome(device.description(), problem);
        }
    }
}
