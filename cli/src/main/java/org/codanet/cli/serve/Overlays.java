package org.codanet.cli.serve;

import java.awt.image.BufferedImage;
import org.codanet.explain.Explanation;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.service.ExplanationResult;

/** Maps as pictures and as arrays. */
final class Overlays {
    /** Length in pixels of the longer side of a picture; small images are enlarged by an integer factor. */
    private static final int SIDE = 224;

    private Overlays() {}

    /** The PNG file of map t over the image: red speaks for the class, blue against it. */
    static byte[] png(ExplanationResult result, int t) {
        Explanation explanation = result.explanation();
        SignedMap map = SignedMap.of(explanation.height(), explanation.width(), explanation.contributions(0, t));
        BufferedImage overlay = ContributionPicture.overlay(map, ColourRange.of(map), result.input());
        return Picture.png(Picture.enlarged(overlay, Picture.factorFor(overlay, SIDE)));
    }

    /** Copies a map into an array. @return the index behind it */
    static int copy(SignedMap map, float[] numbers, int start) {
        int at = start;
        for (int y = 0; y < map.height(); y++) {
            for (int x = 0; x < map.width(); x++) {
                numbers[at++] = map.at(y, x);
            }
        }
        return at;
    }
}
