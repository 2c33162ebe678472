package org.codanet.file.torch;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.NumpyArray;

/**
 * A Python dictionary of data in a pickle, such as a file of CIFAR's Python version. As in {@link TorchFile}, no code in it is
 * executed.
 *
 * @param arrays NumPy arrays of bytes by key
 * @param numbers lists of integers by key
 * @param texts lists of strings by key
 */
public record PickledData(
        Map<String, TensorData> arrays, Map<String, List<Long>> numbers, Map<String, List<String>> texts) {
    /**
     * {@return the entries of a pickled dictionary; those of other kinds are skipped}
     *
     * @param file the name of the file in error messages
     * @param content the whole file
     * @throws FileFormatException if it is not a pickle of a dictionary
     */
    public static PickledData parse(String file, byte[] content) throws FileFormatException {
        Object value = new PickleReader(file, ByteBuffer.wrap(content)).read();
        if (!(value instanceof Dictionary dictionary)) {
            throw new FileFormatException(file, "is a pickle of " + PickleObject.kind(value) + ", not a dictionary");
        }
        PickledData data = new PickledData(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
        dictionary.entries().forEach((key, entry) -> data.add(key.toString(), entry));
        return data;
    }

    private void add(String key, Object entry) {
        if (entry instanceof NumpyArray array) {
            array.values().ifPresent(values -> arrays.put(key, values));
        } else if (entry instanceof List<?> items && items.stream().allMatch(Long.class::isInstance)) {
            List<Long> list = new ArrayList<>();
            items.forEach(item -> list.add((Long) item));
            numbers.put(key, list);
        } else if (entry instanceof List<?> items && items.stream().allMatch(String.class::isInstance)) {
            texts.put(key, items.stream().map(Object::toString).toList());
        }
    }
}
