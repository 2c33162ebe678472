package org.codanet.file.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.ElementType;

/**
 * What a checkpoint's pickle may be made of, beside strings, integers ({@link Long}, {@link java.math.BigInteger}), floats
 * ({@link Double}), truth values and lists, which are Java's own.
 */
sealed interface PickleObject {
    /** Python's None. */
    enum None implements PickleObject {
        NONE
    }

    /** A tuple. */
    record Tuple(List<Object> items) implements PickleObject {}

    /** A dict or an OrderedDict; the keys are strings, integers or truth values. */
    record Dictionary(Map<Object, Object> entries) implements PickleObject {
        Dictionary() {
            this(new LinkedHashMap<>());
        }
    }

    /** A harmless name, such as {@code torch.float32}, that is carried along and means nothing here. */
    record Word(String name) implements PickleObject {}

    /** The elements that one or more tensors look at: {@code count} of them, from {@code start} in the file's storage on. */
    record Storage(String key, ElementType type, long fileCount, long start, long count) implements PickleObject {}

    /** A view of a storage. Extents and strides are in elements and not yet checked. */
    record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) implements PickleObject {}

    /** The type of a storage's elements. */
    record StorageType(ElementType type) implements PickleObject {
        private static final Map<String, ElementType> NAMES = Map.of(
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

        /** {@return PyTorch's name of the storage of these elements, without its module} */
        static String nameOf(ElementType type) {
            return NAMES.entrySet().stream()
                    .filter(entry -> entry.getValue() == type)
                    .findFirst()
                    .orElseThrow()
                    .getKey();
        }
    }

    /** The functions a pickle may call. None of them runs code from the file. */
    enum Function implements PickleObject {
        /** {@code collections.OrderedDict}. */
        ORDERED_DICT,
        /** {@code torch._utils._rebuild_tensor} and {@code _rebuild_tensor_v2}. */
        REBUILD_TENSOR,
        /** {@code torch._utils._rebuild_parameter}. */
        REBUILD_PARAMETER,
        /** {@code torch.Size}. */
        SIZE,
        /** {@code torch.device}. */
        DEVICE
    }

    /** {@return what a pickle may mean by a name: this list is closed} */
    static Optional<PickleObject> global(String module, String name) {
        return Optional.ofNullable(
                switch (module + "." + name) {
                    case "collections.OrderedDict" -> Function.ORDERED_DICT;
                    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> Function.REBUILD_TENSOR;
                    case "torch._utils._rebuild_parameter" -> Function.REBUILD_PARAMETER;
                    case "torch.Size" -> Function.SIZE;
                    case "torch.device" -> Function.DEVICE;
                    case "torch.float64",
                            "torch.float32",
                            "torch.float16",
                            "torch.bfloat16",
                            "torch.int64",
                            "torch.int32",
                            "torch.int16",
                            "torch.int8",
                            "torch.uint8",
                            "torch.bool" -> new Word(module + "." + name);
                    default ->
                        module.equals("torch") && StorageType.NAMES.containsKey(name)
                                ? new StorageType(StorageType.NAMES.get(name))
                                : null;
                });
    }

    /** {@return a value's kind in a user's words} */
    static String kind(Object value) {
        return switch (value) {
            case String s -> "a string";
            case Long l -> "an integer";
            case java.math.BigInteger l -> "an integer";
            case Double d -> "a number";
            case Boolean b -> "a truth value";
            case byte[] b -> "bytes";
            case List<?> l -> "a list";
            case Tuple t -> "a tuple";
            case Dictionary d -> "a dictionary";
            case Tensor t -> "a tensor";
            case Storage s -> "a storage";
            case None n -> "None";
            default -> "something else";
        };
    }
}
