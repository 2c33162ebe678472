package org.codanet.measure;

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

/** Checks that a device computes correctly: explains one small image with a network of two layers and checks the identity. */
public final class DeviceCheck {
    private static final int SIDE = 8;

    private DeviceCheck() {}

    /**
     * The result of a check.
     *
     * @param description of the device, see {@link Device#description}
     * @param problem what is wrong; empty if the contributions add up to the logits
     */
    public record Result(String description, Optional<String> problem) {}

    /**
     * Opens the first device of a provider, runs the network and closes the device.
     *
     * @throws RuntimeException if the device cannot be opened or an operation fails, as the device throws it
     */
    public static Result of(DeviceProvider provider) {
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
                Scope scope = Scope.open("check");
                CodaNet net = CodaNet.create(config, LossKind.BCE, device, scope, 1)) {
            Explanation explanation = new Explainer(net).explain(image, Shape.of(1, 3, SIDE, SIDE), Target.all());
            Optional<String> problem = explanation.identityHolds()
                    ? Optional.empty()
                    : Optional.of("the contributions in a small test network do not add up to its logits");
            return new Result(device.description(), problem);
        }
    }
}
