package org.codanet.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Machine code that the program generated, in executable memory that is no longer writable. It is never unloaded, so a method handle
 * stays valid as long as the process runs.
 */
public final class MachineCode {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final long MAP_FAILED = -1;

    private final MemorySegment memory;

    private MachineCode(MemorySegment memory) {
        this.memory = memory;
    }

    /**
     * Copies instructions to executable memory.
     *
     * @param instructions position-independent code for this processor
     * @throws IllegalStateException if the system does not provide executable memory; the message gives the reason
     */
    public static MachineCode load(byte[] instructions) {
        MemorySegment mapped = Memory.map(instructions.length);
        MemorySegment.copy(instructions, 0, mapped, ValueLayout.JAVA_BYTE, 0, instructions.length);
        Memory.makeExecutable(mapped);
        return new MachineCode(mapped);
    }

    /**
     * A function in this code. It may be called with heap segments. It must run briefly, because the garbage collector waits until it
     * returns.
     *
     * @param offset byte offset of its first instruction
     */
    public MethodHandle function(int offset, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(memory.asSlice(offset), descriptor, Linker.Option.critical(true));
    }

    /** System calls, bound at the first use. */
    private static final class Memory {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final StructLayout STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        private static final MethodHandle MMAP = bind(
                "mmap",
                FunctionDescriptor.of(
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        private static final MethodHandle MPROTECT = bind(
                "mprotect",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        private static final MethodHandle MUNMAP =
                bind("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

        private static MethodHandle bind(String function, FunctionDescriptor descriptor) {
            return LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow(function), descriptor, Linker.Option.captureCallState("errno"));
        }

        static MemorySegment map(long bytes) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(STATE);
                MemorySegment start = (MemorySegment) MMAP.invokeExact(
                        state, MemorySegment.NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
                if (start.address() == MAP_FAILED) {
                    throw refused("mmap", state);
                }
                return start.reinterpret(bytes);
            } catch (Throwable failure) {
                throw NativeCall.unexpected(failure);
            }
        }

        /** Frees the memory if it cannot be made executable. */
        static void makeExecutable(MemorySegment mapped) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(STATE);
                int status = (int) MPROTECT.invokeExact(state, mapped, mapped.byteSize(), PROT_READ | PROT_EXEC);
                if (status != 0) {
                    IllegalStateException refused = refused("mprotect", state);
                    int unmapped = (int) MUNMAP.invokeExact(state, mapped, mapped.byteSize());
                    assert unmapped == 0 : "the memory was mapped above";
                    throw refused;
                }
            } catch (Throwable failure) {
                throw NativeCall.unexpected(failure);
            }
        }

        private static IllegalStateException refused(String function, MemorySegment state) {
            return new IllegalStateException("the system gives no executable memory: " + function + " fails with errno "
                    + (int) ERRNO.get(state, 0L));
        }
    }
}
