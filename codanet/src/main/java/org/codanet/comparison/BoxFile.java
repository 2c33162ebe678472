package org.codanet.comparison;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.codanet.json.JsonFields;
import org.codanet.metrics.BoxedObject;

/**
 * Reads boxes for the pointing game from a JSON file:
 *
 * <pre>{@code
 * {"objects": [{"image": "cat/0003.jpg", "class": "cat", "boxes": [[left, top, right, bottom], ...]}, ...]}
 * }</pre>
 *
 * An image is named by its place in the data, from 0 on, or by the end of its file's path. Boxes are in pixels of the image that the network
 * reads, and the pixels {@code right} and {@code bottom} are outside.
 */
public final class BoxFile {
    private static final int NUMBERS = 4;

    private BoxFile() {}

    /**
     * {@return the objects of a file}
     *
     * @param names the name of each image of the data set
     * @param count number of images
     * @param classes the names of the classes
     * @throws IOException if the file cannot be read or is not of this form; the message begins with the file's name
     */
    public static List<BoxedObject> read(Path file, IntFunction<String> names, int count, List<String> classes)
            throws IOException {
        String text = Files.readString(file, StandardCharsets.UTF_8);
        try {
            JsonFields fields = JsonFields.parse(file.toString(), text);
            List<BoxedObject> objects = new ArrayList<>();
            for (JsonFields object : fields.objects("objects")) {
                objects.add(new BoxedObject(
                        image(object, names, count), target(object, classes), boxes(object.integerLists("boxes"))));
                object.finish();
            }
            fields.finish();
            if (objects.isEmpty()) {
                throw new IllegalArgumentException(file + ": holds no objects");
            }
            return objects;
        } catch (IllegalArgumentException e) {
            String message = e.getMessage();
            throw new IOException(message.startsWith(file.toString()) ? message : file + ": " + message, e);
        }
    }

    private static int image(JsonFields object, IntFunction<String> names, int count) {
        if (object.isNumber("image")) {
            int index = object.integer("image");
            if (index < 0 || index >= count) {
                throw new IllegalArgumentException(
                        "there is no image " + index + "; the data holds images 0 to " + (count - 1));
            }
            return index;
        }
        String name = object.text("image");
        List<Integer> found = IntStream.range(0, count)
                .filter(i -> names.apply(i).equals(name) || names.apply(i).endsWith("/" + name))
                .boxed()
                .toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException((found.isEmpty() ? "no image" : found.size() + " images")
                    + " of the data have a name that ends with '" + name + "'");
        }
        return found.getFirst();
    }

    private static int target(JsonFields object, List<String> classes) {
        String name = object.text("class");
        int index = classes.indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("the data has no class '" + name + "'");
        }
        return index;
    }

    private static List<BoxedObject.Box> boxes(List<List<Integer>> lists) {
        List<BoxedObject.Box> boxes = new ArrayList<>();
        for (List<Integer> n : lists) {
            if (n.size() != NUMBERS) {
                throw new IllegalArgumentException("the box " + n + " is not four numbers: left, top, right, bottom");
            }
            boxes.add(new BoxedObject.Box(n.get(0), n.get(1), n.get(2), n.get(3)));
        }
        return boxes;
    }
}
