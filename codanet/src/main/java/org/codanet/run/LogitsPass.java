package org.codanet.run;

import org.codanet.data.batch.RawImages;
import org.codanet.model.Network;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;

/**
 * Images in, logits out: one forward pass. Each activation is freed as soon as the next layer has read it.
 *
 * @param images how the images are stored
 */
public record LogitsPass(RawImages.Form images) implements PassDefinition {
    /** Result (N, K). */
    public static final String LOGITS = "logits";

    @Override
    public LogitsPass withImages(int count) {
        return new LogitsPass(images.withCount(count));
    }

    @Override
    public Purpose purpose() {
        return Purpose.INFERENCE;
    }

    @Override
    public BufferLayout inputs(Network net) {
        return BufferLayout.EMPTY;
    }

    @Override
    public BufferLayout results(Network net) {
        return BufferLayout.builder()
                .add(LOGITS, Shape.of(images.shape().extent(0), net.config().numClasses()))
                .build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        return (input, inputs, results, own) -> net.device()
                .elementwise()
                .copy(net.forward(input, Purpose.INFERENCE, own).logits(), results.get(LOGITS));
    }

    @Override
    public String toString() {
        return "evaluate " + images;
    }
}
