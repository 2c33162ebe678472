package org.codanet.file.torch;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.FileFormatException;
import org.codanet.file.torch.PickleObject.Bytes;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.Function;
import org.codanet.file.torch.PickleObject.None;
import org.codanet.file.torch.PickleObject.NumpyArray;
import org.codanet.file.torch.PickleObject.Opaque;
import org.codanet.file.torch.PickleObject.OtherKey;
import org.codanet.file.torch.PickleObject.Storage;
import org.codanet.file.torch.PickleObject.StorageType;
import org.codanet.file.torch.PickleObject.Tensor;
import org.codanet.file.torch.PickleObject.Tuple;

/**
 * Interprets a pickle without running any code that it names.
 *
 * <p>A pickle is a program for a stack machine, and Python's own reader calls any function that it names. This reader builds
 * dictionaries and tensors, and represents all other objects by {@link Opaque}, which drops their arguments and attributes.
 * {@link PickleGlobals} lists the names that are interpreted and those that are refused. The stack and the memo have a maximum size.
 * Protocols 2 to 5 are supported, which are those that PyTorch writes. Source: CPython's pickletools, which describes the opcodes.
 */
final class PickleReader {
    /** Maximum number of entries of the stack and of the memo. A network of a thousand layers needs a few thousand. */
    private static final int LIMIT = 1_000_000;

    private static final Object MARK = new Object();

    private final String file;
    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private final Map<String, Storage> storages = new HashMap<>();

    /** Creates a reader of the pickle that begins at the buffer's position. {@link #read} moves the position to the pickle's end. */
    PickleReader(String file, ByteBuffer pickles) {
        this.file = file;
        this.in = pickles.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** {@return the value of the pickle} */
    Object read() throws FileFormatException {
        try {
            while (true) {
                int opcode = Byte.toUnsignedInt(in.get());
                if (opcode == '.') {
                    return pop();
                }
                execute(opcode);
                if (stack.size() > LIMIT || memo.size() > LIMIT) {
                    throw problem("the pickle has more than " + LIMIT + " values");
                }
            }
        } catch (BufferUnderflowException e) {
            throw new FileFormatException(file, "the pickle is cut short", e);
        }
    }

    /** {@return the storages that the pickle names, by key; if a key occurs twice, the last one} */
    Map<String, Storage> storages() {
        return storages;
    }

    private void execute(int opcode) throws FileFormatException {
        switch (opcode) {
            case 0x80 -> protocol(unsignedByte());
            case 0x95 -> in.getLong(); // FRAME: a hint for buffering
            case '(' -> stack.add(MARK);
            case '0' -> pop();
            case '1' -> popToMark();
            case '2' -> stack.add(top());
            case 'N' -> stack.add(None.NONE);
            case 0x88 -> stack.add(Boolean.TRUE);
            case 0x89 -> stack.add(Boolean.FALSE);
            case 'J' -> stack.add((long) in.getInt());
            case 'K' -> stack.add((long) unsignedByte());
            case 'M' -> stack.add((long) Short.toUnsignedInt(in.getShort()));
            case 0x8a -> stack.add(integer(bytes(unsignedByte())));
            case 0x8b -> stack.add(integer(bytes(in.getInt())));
            case 'G' ->
                stack.add(bytes(Double.BYTES).order(ByteOrder.BIG_ENDIAN).getDouble());
            case 'X' -> stack.add(text(bytes(Integer.toUnsignedLong(in.getInt()))));
            case 0x8c -> stack.add(text(bytes(unsignedByte())));
            case 0x8d -> stack.add(text(bytes(in.getLong())));
            case 'T' -> stack.add(textOrBytes(bytes(in.getInt())));
            case 'U' -> stack.add(textOrBytes(bytes(unsignedByte())));
            case 'B' -> stack.add(new Bytes(bytes(Integer.toUnsignedLong(in.getInt()))));
            case 'C' -> stack.add(new Bytes(bytes(unsignedByte())));
            case 0x8e -> stack.add(new Bytes(bytes(in.getLong())));
            case 0x96 -> stack.add(new Bytes(bytes(in.getLong())));
            case 0x8f -> stack.add(new Opaque("set"));
            case 0x90 -> addToSet();
            case 0x91 -> frozenSet();
            case ']' -> stack.add(new ArrayList<>());
            case 'l' -> stack.add(popToMark());
            case 'a' -> append(List.of(pop()));
            case 'e' -> append(popToMark());
            case ')' -> stack.add(new Tuple(List.of()));
            case 't' -> stack.add(new Tuple(popToMark()));
            case 0x85 -> stack.add(new Tuple(pop(1)));
            case 0x86 -> stack.add(new Tuple(pop(2)));
            case 0x87 -> stack.add(new Tuple(pop(3)));
            case '}' -> stack.add(new Dictionary());
            case 'd' -> dictionaryOf(popToMark());
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 'c' -> stack.add(global(line(), line()));
            case 0x93 -> stackGlobal();
            case 'R' -> call();
            case 0x81 -> call();
            case 0x92 -> callWithKeywords();
            case 'b' -> build();
            case 'Q' -> stack.add(persistent(pop()));
            case 'q' -> memo.put((long) unsignedByte(), top());
            case 'r' -> memo.put(Integer.toUnsignedLong(in.getInt()), top());
            case 0x94 -> memo.put((long) memo.size(), top());
            case 'h' -> stack.add(remembered(unsignedByte()));
            case 'j' -> stack.add(remembered(Integer.toUnsignedLong(in.getInt())));
            default ->
                throw problem("the pickle uses the instruction " + PickleOpcodes.of(opcode)
                        + ", which PyTorch does not write");
        }
    }

    private void protocol(int version) throws FileFormatException {
        if (version < 2 || version > 5) {
            throw problem("has pickle protocol " + version + "; 2 to 5 are read");
        }
    }

    private PickleObject global(String module, String name) throws FileFormatException {
        return PickleGlobals.named(module, name)
                .orElseThrow(() -> problem("the pickle asks for " + module + "." + name
                        + ", which no network needs and which can harm a reader that runs it; nothing was run"));
    }

    private void stackGlobal() throws FileFormatException {
        List<Object> names = pop(2);
        if (names.get(0) instanceof String module && names.get(1) instanceof String name) {
            stack.add(global(module, name));
        } else {
            throw damaged("a global's name is " + PickleObject.kind(names.get(1)));
        }
    }

    private void callWithKeywords() throws FileFormatException {
        pop();
        call();
    }

    private void call() throws FileFormatException {
        Object arguments = pop();
        Object callee = pop();
        if (!(arguments instanceof Tuple(List<Object> items))) {
            throw damaged("a function is called with " + PickleObject.kind(arguments));
        }
        stack.add(
                switch (callee) {
                    case Function function -> result(function, items);
                    case Opaque opaque -> new Opaque(nameOfResult(opaque, items));
                    default ->
                        throw problem("the pickle calls " + PickleObject.kind(callee) + ", which is not a function");
                });
    }

    private PickleObject result(Function function, List<Object> items) throws FileFormatException {
        return switch (function) {
            case DICTIONARY -> dictionary(items);
            case DEFAULT_DICT -> new Dictionary();
            case REBUILD_TENSOR -> tensor(items);
            case REBUILD_PARAMETER -> parameter(items);
            case REBUILD_FROM_TYPE -> tensorOfType(items);
            case SIZE -> argument(items, 0, Tuple.class, "torch.Size");
            case NUMPY_ARRAY -> new NumpyArray();
            case ENCODE -> {
                byte[] latin1 = argument(items, 0, String.class, "encode").getBytes(StandardCharsets.ISO_8859_1);
                yield new Bytes(ByteBuffer.wrap(latin1));
            }
        };
    }

    /** An object is named after its class, even if a function of the module copyreg creates it. */
    private static String nameOfResult(Opaque callee, List<Object> items) {
        boolean creates = callee.name().startsWith("copyreg.") || callee.name().startsWith("copy_reg.");
        return creates && !items.isEmpty() && items.getFirst() instanceof Opaque type ? type.name() : callee.name();
    }

    /** A parameter's data may be a tensor that is not read, such as a quantised one. */
    private PickleObject parameter(List<Object> items) throws FileFormatException {
        return !items.isEmpty() && items.getFirst() instanceof Opaque opaque
                ? opaque
                : argument(items, 0, Tensor.class, "_rebuild_parameter");
    }

    /** Arguments: the function that builds the tensor, the tensor's class, the function's arguments, the attributes. */
    private PickleObject tensorOfType(List<Object> items) throws FileFormatException {
        Tuple inner = argument(items, 2, Tuple.class, "_rebuild_from_type_v2");
        return switch (items.getFirst()) {
            case Function.REBUILD_TENSOR -> tensor(inner.items());
            case Function.REBUILD_PARAMETER -> parameter(inner.items());
            case Opaque opaque -> new Opaque(opaque.name());
            default -> throw damaged("_rebuild_from_type_v2 of " + PickleObject.kind(items.getFirst()));
        };
    }

    private Dictionary dictionary(List<Object> items) throws FileFormatException {
        Dictionary dictionary = new Dictionary();
        if (!items.isEmpty()) {
            if (!(items.getFirst() instanceof List<?> pairs)) {
                throw damaged("a dictionary of " + PickleObject.kind(items.getFirst()));
            }
            for (Object pair : pairs) {
                List<?> both =
                        pair instanceof Tuple(List<Object> inner) ? inner : pair instanceof List<?> l ? l : List.of();
                if (both.size() != 2) {
                    throw damaged("an entry of a dictionary is not a pair");
                }
                put(dictionary, both.get(0), both.get(1));
            }
        }
        return dictionary;
    }

    private PickleObject tensor(List<Object> items) throws FileFormatException {
        if (!items.isEmpty() && items.getFirst() instanceof Opaque opaque) {
            return opaque;
        }
        Storage storage = argument(items, 0, Storage.class, "_rebuild_tensor");
        long offset = argument(items, 1, Long.class, "_rebuild_tensor");
        List<Long> shape = longs(argument(items, 2, Tuple.class, "_rebuild_tensor"));
        List<Long> strides = longs(argument(items, 3, Tuple.class, "_rebuild_tensor"));
        if (shape.size() != strides.size()) {
            throw damaged("a tensor has " + shape.size() + " extents and " + strides.size() + " strides");
        }
        return new Tensor(storage, offset, shape, strides);
    }

    private List<Long> longs(Tuple tuple) throws FileFormatException {
        List<Long> longs = new ArrayList<>();
        for (Object item : tuple.items()) {
            if (!(item instanceof Long number)) {
                throw damaged("an extent or a stride is " + PickleObject.kind(item));
            }
            longs.add(number);
        }
        return longs;
    }

    /**
     * A persistent id is ("storage", type, key, device, count), followed in old files by the view of the storage. The older format
     * also writes ("module", class, source file, source text) for the class of a whole network.
     */
    private PickleObject persistent(Object id) throws FileFormatException {
        if (!(id instanceof Tuple(List<Object> items)) || items.isEmpty()) {
            throw damaged("a persistent id is " + PickleObject.kind(id));
        }
        if ("module".equals(items.getFirst())) {
            return argument(items, 1, PickleObject.class, "module");
        }
        if (!"storage".equals(items.getFirst())) {
            throw damaged("a persistent id is not that of a storage");
        }
        String key = argument(items, 2, String.class, "storage");
        if (items.get(1) instanceof Opaque type) {
            return type;
        }
        StorageType type = argument(items, 1, StorageType.class, "storage");
        long count = argument(items, 4, Long.class, "storage");
        long start = 0;
        long viewCount = count;
        if (items.size() > 5 && items.get(5) instanceof Tuple(List<Object> view)) {
            start = argument(view, 1, Long.class, "storage view");
            viewCount = argument(view, 2, Long.class, "storage view");
        }
        if (count < 0 || start < 0 || viewCount < 0 || start > count - viewCount) {
            throw damaged("storage " + key + " has " + count + " elements, of which " + viewCount + " from " + start);
        }
        Storage storage = new Storage(key, type, count, start, viewCount);
        storages.put(key, storage);
        return storage;
    }

    private <T> T argument(List<Object> items, int index, Class<T> wanted, String callee) throws FileFormatException {
        if (index >= items.size() || !wanted.isInstance(items.get(index))) {
            String given = index >= items.size() ? "missing" : PickleObject.kind(items.get(index));
            throw damaged("argument " + index + " of " + callee + " is " + given);
        }
        return wanted.cast(items.get(index));
    }

    /** Drops the attributes that an object has besides its entries, such as the {@code _metadata} of a state dict. */
    private void build() throws FileFormatException {
        Object state = pop();
        if (top() instanceof NumpyArray array) {
            array.setState(state);
        } else if (!(top() instanceof Dictionary || top() instanceof Opaque || top() instanceof Tensor)) {
            throw problem("the pickle sets attributes of " + PickleObject.kind(top()));
        }
    }

    @SuppressWarnings("unchecked") // this class created every list on the stack
    private void append(List<Object> items) throws FileFormatException {
        switch (top()) {
            case List<?> list -> ((List<Object>) list).addAll(items);
            case Opaque opaque -> {
                // The object is of a subclass of list, whose items are not used.
            }
            default -> throw damaged("items for " + PickleObject.kind(top()));
        }
    }

    private void addToSet() throws FileFormatException {
        popToMark();
        if (!(top() instanceof Opaque)) {
            throw damaged("items of a set for " + PickleObject.kind(top()));
        }
    }

    private void frozenSet() throws FileFormatException {
        popToMark();
        stack.add(new Opaque("frozenset"));
    }

    private void dictionaryOf(List<Object> items) throws FileFormatException {
        stack.add(new Dictionary());
        setItems(items);
    }

    private void setItems(List<Object> items) throws FileFormatException {
        Dictionary dictionary = switch (top()) {
            case Dictionary plain -> plain;
            case Opaque opaque -> opaque.entries();
            default -> throw damaged("entries for " + PickleObject.kind(top()));
        };
        if (items.size() % 2 != 0) {
            throw damaged("a dictionary has a key without a value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            put(dictionary, items.get(i), items.get(i + 1));
        }
    }

    private void put(Dictionary dictionary, Object key, Object value) throws FileFormatException {
        boolean plain = key instanceof String || key instanceof Number || key instanceof Boolean || key instanceof None;
        if (dictionary.entries().put(plain ? key : new OtherKey(key), value) != null) {
            throw problem("a dictionary in the pickle has the key " + key + " twice");
        }
    }

    private Object remembered(long index) throws FileFormatException {
        Object value = memo.get(index);
        if (value == null) {
            throw damaged("nothing is remembered as " + index);
        }
        return value;
    }

    private Object top() throws FileFormatException {
        if (stack.isEmpty() || stack.getLast() == MARK) {
            throw damaged("the stack is empty");
        }
        return stack.getLast();
    }

    private Object pop() throws FileFormatException {
        Object value = top();
        stack.removeLast();
        return value;
    }

    private List<Object> pop(int count) throws FileFormatException {
        Object[] items = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            items[i] = pop();
        }
        return new ArrayList<>(Arrays.asList(items));
    }

    private List<Object> popToMark() throws FileFormatException {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw damaged("a mark is missing");
        }
        List<Object> tail = stack.subList(mark + 1, stack.size());
        List<Object> items = new ArrayList<>(tail);
        tail.clear();
        stack.removeLast();
        return items;
    }

    private int unsignedByte() {
        return Byte.toUnsignedInt(in.get());
    }

    /** {@return the next bytes; their number is checked against the remaining bytes before anything is allocated} */
    private ByteBuffer bytes(long count) throws FileFormatException {
        if (count < 0 || count > in.remaining()) {
            throw problem("the pickle is cut short: a value of " + count + " bytes, " + in.remaining() + " are left");
        }
        ByteBuffer slice = in.slice(in.position(), (int) count).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + (int) count);
        return slice;
    }

    /** A Python 2 string is text or bytes. */
    private static Object textOrBytes(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            return new Bytes(bytes.rewind());
        }
    }

    private static byte[] array(ByteBuffer bytes) {
        byte[] array = new byte[bytes.remaining()];
        bytes.get(array);
        return array;
    }

    private static Object integer(ByteBuffer littleEndian) {
        byte[] bytes = array(littleEndian);
        for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
            byte swap = bytes[i];
            bytes[i] = bytes[j];
            bytes[j] = swap;
        }
        BigInteger value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
        if (value.bitLength() < Long.SIZE) {
            return value.longValue();
        }
        return value;
    }

    private String text(ByteBuffer utf8) throws FileFormatException {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(utf8);
            return text.toString();
        } catch (CharacterCodingException e) {
            throw damaged("a string is not UTF-8");
        }
    }

    private String line() throws FileFormatException {
        int start = in.position();
        while (in.get() != '\n') {
            // Advance to the end of the line. The end of the buffer throws BufferUnderflowException.
        }
        return text(in.slice(start, in.position() - 1 - start));
    }

    private FileFormatException damaged(String reason) {
        return problem("the pickle is damaged at byte " + in.position() + ": " + reason);
    }

    private FileFormatException problem(String text) {
        return new FileFormatException(file, text);
    }
}
