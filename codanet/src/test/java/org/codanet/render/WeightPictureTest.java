package org.codanet.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.image.BufferedImage;
import java.util.List;
import org.codanet.explain.DynamicWeights;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.testing.TestDevices;
import org.codanet.testing.Toys;
import org.junit.jupiter.api.Test;

/** Dynamic weights and their picture. */
final class WeightPictureTest {
    @Test
    void colourIsWhatTheWeightsLookForAndOpacityTheirLength() {
        // Two pixels: (r, g, b, 1 - r, 1 - g, 1 - b) = (3, 1, 0, 0, 3, 4) and (0, 0, 0, 0, 0, -3).
        float[] weights = {3, 0, 1, 0, 0, 0, 0, 0, 3, 0, 4, -3};
        float[] raising = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        BufferedImage picture = WeightPicture.of(weights, raising, 1, 2);
        assertEquals(0xff_ff_40_00, picture.getRGB(0, 0), "full red, a quarter of green, no blue");
        int opacity = (int) Math.round(255 * 3 / Math.sqrt(35));
        assertEquals(opacity << 24 | 0x808080, picture.getRGB(1, 0), "no positive weight is grey");
        assertEquals(2, WeightPicture.enlarged(picture, 2).getHeight());
    }

    @Test
    void pixelsThatLowerTheLogitAreTransparent() {
        BufferedImage picture = WeightPicture.of(new float[] {1, 1, 0, 0}, new float[] {1, -1, 0, 0}, 1, 2);
        assertEquals(255, picture.getRGB(0, 0) >>> 24);
        assertEquals(0, picture.getRGB(1, 0) >>> 24);
    }

    @Test
    void networksWithoutInverseChannelsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> WeightPicture.of(new float[3], new float[3], 1, 1));
    }

    @Test
    void weightsTimesInputAreTheContributions() {
        try (Device device = TestDevices.open("cpu");
                Scope scope = Scope.open("weights");
                CodaNet net = CodaNet.create(Toys.network(), LossKind.BCE, device, scope, 3)) {
            var image = Toys.batch(1, 4);
            Explanation explanation = new Explainer(net).explain(image, new Target.Classes(List.of(2)));
            DynamicWeights weights = DynamicWeights.of(net, image.values(0, 1), image.shape(), 2);
            float[] map = explanation.contributions(0, 0);
            for (int i = 0; i < map.length; i++) {
                double sum = 0;
                for (int at = i; at < weights.contributions().length; at += map.length) {
                    sum += weights.contributions()[at];
                }
                assertEquals(map[i], sum, 1e-5);
            }
            float[] values = image.values(0, 1);
            for (int i = 0; i < values.length; i++) {
                assertEquals(values[i] * weights.weights()[i], weights.contributions()[i], 1e-6);
            }
        }
    }
}
