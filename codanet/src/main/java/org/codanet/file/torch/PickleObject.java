package org.codanet.file.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.ElementType;

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
     * A dict, an OrderedDict or a defaultdict. Keys are strings, numbers, Booleans, None, or {@link OtherKey} for the rest.
     */
    record Dictionary(Map<Object, Object> entries) implements PickleObject {
        Dictionary() {
            this(new LinkedHashMap<>());
        }
    }

    /**
     * A dictionary key that is itself an object, such as a tuple. Compared by identity: the hash code of deeply nested tuples
     * can take exponential time.
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
     * A Python class, function or object of which only the name is used. Its arguments and attributes are dropped and nothing
     * of it runs. Entries are retained, because a subclass of dict may hold the weights.
     */
    final class Opaque implements PickleObject {
        private final String name;
        private final Dictionary entries = new Dictionary();

        Opaque(String name) {
            this.name = name;
        }

        /** {@return module and name, such as {@code collections.Counter}} */
        String name() {
            return name;
        }

        /** {@return what the pickle stored in the object as if it were a dictionary} */
        Dictionary entries() {
            return entries;
        }
    }

    /**
     * The elements that one or more tensors view.
     *
     * @param fileCount the elements in the file
     * @param start the first element of this view of the storage
     * @param count the elements of this view
     */
    record Storage(String key, StorageType type, long fileCount, long start, long count) implements PickleObject {}

    /** A view of a storage. Extents and strides are in elements and not yet checked. */
    record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) implements PickleObject {}

    /**
     * The type of a storage's elements.
     *
     * @param name PyTorch's name, without its module
     * @param element the type, empty if this program cannot represent such elements
     * @param bytes the size of an element
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
        /** The size is needed to skip such a storage in the older format. */
        private static final Map<String, Integer> SKIPPED = Map.of(
                "ComplexDoubleStorage", 16,
                "ComplexFloatStorage", 8,
                "QInt32Storage", 4,
                "QInt8Storage", 1,
                "QUInt8Storage", 1,
                "QUInt4x2Storage", 1,
                "QUInt2x4Storage", 1,
                "UntypedStorage", 1);

        /** {@return the type of this name in the module torch or torch.storage, or nothing} */
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
        SIZE
    }

    /** {@return what a value is, for error messages} */
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
            case Opaque o -> "an object of " + o.name();
            case StorageType t -> "the class torch." + t.name();
            default -> "a function";
        };
    }
}
