package org.codanet.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls functions of a library that is opened but not loaded, to read its version. The generated bindings cannot do this, because they
 * keep the first library in which they were resolved.
 */
final class NativeCall {
    private NativeCall() {}

    /** {@code size_t f(void)}. */
    static long size(SymbolLookup library, String function) {
        try {
            return (long) bind(library, function, FunctionDescriptor.of(ValueLayout.JAVA_LONG))
                    .invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** {@code int f(void)}. */
    static int status(SymbolLookup library, String function) {
        try {
            return (int) bind(library, function, FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** {@code const char *f(int)}. */
    static String name(SymbolLookup library, String function, int value) {
        try {
            MemorySegment name = (MemorySegment)
                    bind(library, function, FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
                            .invokeExact(value);
            return name.address() == 0 ? "?" : name.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** The value that {@code int f(int *out)} writes. */
    static int written(SymbolLookup library, String function) throws NativeLibrary.Unusable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            int status = (int) bind(library, function, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS))
                    .invokeExact(out);
            refuse(function, status);
            return out.get(ValueLayout.JAVA_INT, 0);
        } catch (Throwable failure) {
            throw unusableOrUnexpected(failure);
        }
    }

    /** The two values that {@code int f(int *first, int *second)} writes. */
    static int[] pair(SymbolLookup library, String function) throws NativeLibrary.Unusable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT, 2);
            int status = (int) bind(
                            library,
                            function,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS))
                    .invokeExact(out, out.asSlice(ValueLayout.JAVA_INT.byteSize()));
            refuse(function, status);
            return out.toArray(ValueLayout.JAVA_INT);
        } catch (Throwable failure) {
            throw unusableOrUnexpected(failure);
        }
    }

    /** The value that {@code int f(int which, int *out)} writes. */
    static int property(SymbolLookup library, String function, int which) throws NativeLibrary.Unusable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
            int status = (int) bind(
                            library,
                            function,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS))
                    .invokeExact(which, out);
            refuse(function, status);
            return out.get(ValueLayout.JAVA_INT, 0);
        } catch (Throwable failure) {
            throw unusableOrUnexpected(failure);
        }
    }

    private static MethodHandle bind(SymbolLookup library, String function, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(function), descriptor);
    }

    private static void refuse(String function, int status) throws NativeLibrary.Unusable {
        if (status != 0) {
            throw new NativeLibrary.Unusable(function + " returns status " + status);
        }
    }

    private static RuntimeException unusableOrUnexpected(Throwable failure) throws NativeLibrary.Unusable {
        if (failure instanceof NativeLibrary.Unusable unusable) {
            throw unusable;
        }
        throw unexpected(failure);
    }

    static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }
}
