package org.codanet.comparison;

import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.metrics.BoxedObject;

/** The energy-based pointing game: the share of the map of an object's class that lies in its boxes. */
record Pointing(AttributedNetwork network, TestImages images, List<BoxedObject> objects) implements Measurement {
    /** @throws IllegalArgumentException if there is no object, or one does not fit its image */
    Pointing {
        if (objects.isEmpty()) {
            throw new IllegalArgumentException("pointing game: there are no boxes; give a file of boxes");
        }
        for (BoxedObject object : objects) {
            for (BoxedObject.Box box : object.boxes()) {
                if (box.left() < 0
                        || box.top() < 0
                        || box.left() >= box.right()
                        || box.top() >= box.bottom()
                        || box.right() > images.width()
                        || box.bottom() > images.height()) {
                    throw new IllegalArgumentException("pointing game: the box " + box.left() + ", " + box.top() + ", "
                            + box.right() + ", " + box.bottom() + " of image " + object.image()
                            + " is empty or not inside the image of " + images.width() + " x " + images.height()
                            + " pixels");
                }
            }
        }
    }

    @Override
    public int count() {
        return objects.size();
    }

    @Override
    public double[] row(AttributionMethod method, int number) {
        BoxedObject object = objects.get(number);
        float[] map = method.attribute(network, images.batch(object.image(), 1), List.of(List.of(object.target())))
                .map(0, 0);
        return new double[] {object.share(map, images.width())};
    }
}
