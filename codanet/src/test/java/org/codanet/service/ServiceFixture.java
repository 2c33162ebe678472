package org.codanet.service;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.codanet.testing.ToyModels;
import org.codanet.testing.Toys;

/** A toy model, its images, and explanations of them without a service. */
final class ServiceFixture {
    static final int IMAGE = 3 * Toys.SIZE * Toys.SIZE;
    static final ModelFile MODEL =
            ToyModels.untrained(Toys.network(), Optional.of(new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0)));

    private ServiceFixture() {}

    /** A builder with the toy model on the CPU. */
    static ExplanationServiceBuilder builder() {
        return ExplanationService.builder().model("toy", MODEL).device("cpu");
    }

    static ExplanationService build(ExplanationServiceBuilder builder) {
        try {
            return builder.build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ServiceImage image(long seed) {
        return ServiceImage.of(Toys.batch(1, seed));
    }

    static ServiceImage poisoned() {
        float[] values = Toys.batch(1, 1).values(0, 1);
        values[IMAGE / 2] = FaultyDevice.POISON;
        return ServiceImage.of(ImageBatch.of(values, 1, 3, Toys.SIZE, Toys.SIZE));
    }

    /** The explanation of one image by an {@link Explainer} that explains nothing else at the same time. */
    static Explanation alone(long seed, Target target, boolean channels) {
        try (Device device = TestDevices.open("cpu");
                Scope scope = Scope.open("alone");
                CodaNet net = CodaNet.load(MODEL, device, scope)) {
            return new Explainer(net)
                    .explain(Toys.batch(1, seed), target, channels ? Detail.CHANNELS : Detail.POSITIONS);
        }
    }

    static float[] maps(Explanation explanation) {
        float[] values = new float[explanation.contributions().remaining()];
        explanation.contributions().get(values);
        return values;
    }
}
