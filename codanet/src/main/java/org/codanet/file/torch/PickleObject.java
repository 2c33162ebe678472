package org.codanet.file.torch;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.ElementType;
import org.codanet.file.TensorData;

/**
 * A Python value read from a pickle. Strings, integers ({@link Long}, {@link java.math.BigInteger}), floats ({@link Double}),
 * Booleans and lists are represented by Java's own types.
 */
sealed interface PickleObject {
    /** Python's None. */
    enum None implements PickleObject {
        NONE
    }

    /** A tuple. */
    record Tuple(List<Object> items) implements PickleObject {}

    /**
     * A dict, an OrderedDict or a defaultdict. Keys are strings, numbers, Booleans, None, or an {@link OtherKey} for any other
     * object.
     */
    record Dictionary(Map<Object, Object> entries) implements PickleObject {
        Dictionary() {
            this(new LinkedHashMap<>());
        }
    }

    /**
     * A dictionary key that is itself an object, such as a tuple. Compared by identity, because computing the hash code of deeply
     * nested tuples can take exponential time.
     */
    final class OtherKey implements PickleObject {
        private final String kind;

        OtherKey(Object key) {
            this.kind = PickleObject.kind(key);
        }

        @Override
        public String toString() {
            return kind;
        }
    }

    /**
     * A Python class, function or object that is represented by its name only. Its arguments and attributes are dropped, and none of
     * its code runs. Dictionary entries are retained, because a subclass of dict may hold the weights.
     */
    final class Opaque implements PickleObject {
        private final String name;
        private final Dictionary entries = new Dictionary();

        Opaque(String name) {
            this.name = name;
        }

        /** {@return the module and the name, such as {@code collections.Counter}} */
        String name() {
            return name;
        }

        /** {@return what the pickle stored in the object as if it were a dictionary} */
        Dictionary entries() {
            return entries;
        }
    }

    /** A Python bytes object. Compared by identity. */
    final class Bytes implements PickleObject {
        private final ByteBuffer bytes;

        Bytes(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        byte[] toArray() {
            byte[] array = new byte[bytes.remaining()];
            bytes.duplicate().get(array);
            return array;
        }
    }

    /** A NumPy array. Only the values of arrays of unsigned bytes are read. */
    final class NumpyArray implements PickleObject {
        private Optional<TensorData> values = Optional.empty();

        /** {@return the array; empty if its elements are not bytes} */
        Optional<TensorData> values() {
            return values;
        }

        /** Sets the state that NumPy writes: version, shape, element type, Fortran order, bytes. */
        void setState(Object state) {
            if (state instanceof Tuple(List<Object> items)
                    && items.size() == 5
                    && items.get(1) instanceof Tuple(List<Object> extents)
                    && Boolean.FALSE.equals(items.get(3))
                    && items.get(4) instanceof Bytes bytes) {
                List<Integer> shape = extents.stream()
                        .filter(Long.class::isInstance)
                        .map(extent -> ((Long) extent).intValue())
                        .toList();
                byte[] array = bytes.toArray();
                if (shape.stream().allMatch(extent -> extent > 0)
                        && shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b) == array.length) {
                    values = Optional.of(TensorData.ofRaw(ElementType.U8, shape, array));
                }
            }
        }
    }

    /**
     * The elements that one or more tensors view.
     *
     * @param fileCount the number of elements in the file
     * @param start the index of the first element of this view of the storage
     * @param count the number of elements of this view
     */
    record Storage(String key, StorageType type, long fileCount, long start, long count) implements PickleObject {}

    /** A view of a storage. Extents and strides are in elements and not yet checked. */
    record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) implements PickleObject {}

    /**
     * The type of a storage's elements.
     *
     * @param name PyTorch's name, without its module
     * @param element the element type; empty if this program cannot represent such elements
     * @param bytes the size of an element in bytes
     */
    record StorageType(String name, Optional<ElementType> element, int bytes) implements PickleObject {
        private static final Map<String, ElementType> READ = Map.of(
                "DoubleStorage", ElementType.F64,
                "FloatStorage", ElementType.F32,
                "HalfStorage", ElementType.F16,
                "BFloat16Storage", ElementType.BF16,
                "LongStorage", ElementType.I64,
                "IntStorage", ElementType.I32,
                "ShortStorage", ElementType.I16,
                "CharStorage", ElementType.I8,
                "ByteStorage", ElementType.U8,
                "BoolStorage", ElementType.BOOL);
        /** Element sizes in bytes of the types that are not read. The older format needs the size to skip such a storage. */
        private static final Map<String, Integer> SKIPPED = Map.of(
                "ComplexDoubleStorage", 16,
                "ComplexFloatStorage", 8,
                "QInt32Storage", 4,
                "QInt8Storage", 1,
                "QUInt8Storage", 1,
                "QUInt4x2Storage", 1,
                "QUInt2x4Storage", 1,
                "UntypedStorage", 1);

        /** {@return the type of this name in the module torch or torch.storage; empty if there is none} */
        static Optional<StorageType> named(String name) {
            ElementType element = READ.get(name);
            if (element != null) {
                return Optional.of(new StorageType(name, Optional.of(element), element.bytes()));
            }
            return Optional.ofNullable(SKIPPED.get(name)).map(bytes -> new StorageType(name, Optional.empty(), bytes));
        }

        /** {@return PyTorch's name of the storage of these elements, without its module} */
        static String nameOf(ElementType type) {
            return READ.entrySet().stream()
                    .filter(entry -> entry.getValue() == type)
                    .findFirst()
                    .orElseThrow()
                    .getKey();
        }
    }

    /** The functions that are interpreted. None of them runs code from the file. */
    enum Function implements PickleObject {
        /** {@code collections.OrderedDict} and {@code dict}. */
        DICTIONARY,
        /** {@code collections.defaultdict}. */
        DEFAULT_DICT,
        /** {@code torch._utils._rebuild_tensor} and {@code _rebuild_tensor_v2}. */
        REBUILD_TENSOR,
        /** {@code torch._utils._rebuild_parameter} and {@code _rebuild_parameter_with_state}. */
        REBUILD_PARAMETER,
        /** {@code torch._tensor._rebuild_from_type_v2}: a tensor of another class or with attributes. */
        REBUILD_FROM_TYPE,
        /** {@code torch.Size}. */
        SIZE,
        /** {@code numpy.core.multiarray._reconstruct}. */
        NUMPY_ARRAY,
        /** {@code _codecs.encode}, which Python 3 uses to write bytes in protocol 2. */
        ENCODE
    }

    /** {@return the kind of a value as text for error messages, such as {@code a dictionary}} */
    static String kind(Object value) {
        return switch (value) {
            case String s -> "a string";
            case Long l -> "an integer";
            case java.math.BigInteger l -> "an integer";
            case Double d -> "a number";
            case Boolean b -> "a Boolean";
            case List<?> l -> "a list";
            case Tuple t -> "a tuple";
            case Dictionary d -> "a dictionary";
            case Tensor t ->
                t.storage().type().element().isPresent()
                        ? "a tensor"
                        : "a tensor of torch." + t.storage().type().name();
            case Storage s -> "a storage";
            case None n -> "None";
            case Bytes b -> "bytes";
            case NumpyArray a -> "a NumPy array";
            case Opaque o -> "an object of " + o.name();
            case StorageType t -> "the class torch." + t.name();
            default -> "a function";
        };
    }
}
