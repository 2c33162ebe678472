package org.codanet.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.AttributionMethod;
import org.codanet.comparison.TestImages;
import org.codanet.data.batch.RawImages;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/**
 * Images and the maps that several methods make of them, in the order of the methods.
 *
 * @param methods names of the methods, from left to right
 * @param rows one for each image
 */
public record ComparisonGallery(List<String> methods, List<Row> rows) {
    private static final int SIDE = 160;
    private static final int GAP = 8;

    /** Which maps share a range of colours. Methods have different units, so different methods never share one. */
    public enum Scale {
        /** Each map has its own range. */
        IMAGE,
        /** All maps of a method share one range, so that images can be compared. */
        FIXED
    }

    /**
     * One image.
     *
     * @param label its class
     * @param input the image
     * @param maps one for each method, with a pixel for each pixel of the image
     */
    public record Row(String label, BufferedImage input, List<BufferedImage> maps) {
        /** Copies the list. */
        public Row {
            maps = List.copyOf(maps);
        }

        /** {@return the image and its maps side by side, enlarged: the input first} */
        public BufferedImage strip() {
            List<BufferedImage> all = new ArrayList<>();
            int factor = Picture.factorFor(input, SIDE);
            all.add(Picture.enlarged(input, factor));
            maps.forEach(map -> all.add(Picture.enlarged(map, factor)));
            return Picture.sideBySide(all, GAP);
        }
    }

    /** Copies the lists. */
    public ComparisonGallery {
        methods = List.copyOf(methods);
        rows = List.copyOf(rows);
    }

    /**
     * Explains some images by all methods, each for its own class. The first images of every class are shown, so that classes are mixed.
     *
     * @param methods by the names that users gave them
     * @param count the largest number of images
     * @param labels names of the classes
     */
    public static ComparisonGallery of(
            AttributedNetwork network,
            Map<String, AttributionMethod> methods,
            TestImages images,
            int count,
            Scale scale,
            IntFunction<String> labels) {
        List<Integer> shown = firstOfEachClass(images.labels(), network.classes(), count);
        List<List<BufferedImage>> columns = new ArrayList<>();
        for (AttributionMethod method : methods.values()) {
            List<SignedMap> maps = new ArrayList<>();
            for (int index : shown) {
                RawImages.Floats image = images.batch(index, 1);
                float[] map = method.attribute(network, image, List.of(List.of(images.label(index))))
                        .map(0, 0);
                maps.add(SignedMap.of(images.height(), images.width(), map));
            }
            columns.add(colours(maps, scale));
        }
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < shown.size(); i++) {
            int row = i;
            rows.add(new Row(
                    labels.apply(images.label(shown.get(i))),
                    Picture.ofPlanes(images.image(shown.get(i)), 0, images.channels(), images.height(), images.width()),
                    columns.stream().map(column -> column.get(row)).toList()));
        }
        return new ComparisonGallery(List.copyOf(methods.keySet()), rows);
    }

    private static List<BufferedImage> colours(List<SignedMap> maps, Scale scale) {
        return maps.stream()
                .map(map -> ContributionPicture.colours(
                        map, scale == Scale.IMAGE ? ColourRange.of(map) : ColourRange.overSet(maps)))
                .toList();
    }

    /** Indices of the first image of each class, then of the second, until there are {@code count}; in the order of the classes. */
    static List<Integer> firstOfEachClass(int[] labels, int classes, int count) {
        List<List<Integer>> ofClass = new ArrayList<>();
        for (int k = 0; k < classes; k++) {
            ofClass.add(new ArrayList<>());
        }
        for (int i = 0; i < labels.length; i++) {
            ofClass.get(labels[i]).add(i);
        }
        List<Integer> chosen = new ArrayList<>();
        for (int place = 0; chosen.size() < Math.min(count, labels.length); place++) {
            for (List<Integer> indices : ofClass) {
                if (place < indices.size() && chosen.size() < count) {
                    chosen.add(indices.get(place));
                }
            }
        }
        return chosen;
    }
}
