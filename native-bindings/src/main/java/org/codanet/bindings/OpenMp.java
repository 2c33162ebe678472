package org.codanet.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The thread counts of the OpenMP runtime that oneDNN uses. Both are settings of the calling thread: work that this
 * thread starts runs on that many threads, and other threads keep their own count.
 */
public final class OpenMp {
    private OpenMp() {}

    /**
     * Sets how many threads the work started by the calling thread may use. Loads oneDNN if need be.
     *
     * @throws IllegalArgumentException if {@code threads} is not positive
     * @throws NativeLibraryException if oneDNN is found nowhere
     */
    public static void setThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("OpenMP: " + threads + " threads; at least 1 is needed");
        }
        OneDnn.load();
        try {
            Handles.SET.invokeExact(threads);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** How many threads the work started by the calling thread may use at most. Loads oneDNN if need be. */
    public static int threads() {
        OneDnn.load();
        try {
            return (int) Handles.GET.invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /**
     * Lets the runtime's idle threads sleep, unless the environment variable {@code OMP_WAIT_POLICY} says otherwise. By
     * default they spin for milliseconds after each computation, on the processors that the caller's own threads need next.
     * The runtime reads the variable when it is loaded, so this comes before; Java's view of the environment, which child
     * processes get, stays as it is.
     */
    static void waitPassively() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
        if (setenv.isEmpty()) {
            return; // Not a POSIX system: its default stands.
        }
        MethodHandle set = linker.downcallHandle(
                setenv.get(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int keep = 0;
            int status =
                    (int) set.invokeExact(arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("passive"), keep);
            assert status == 0 : "setenv can fail for want of memory alone";
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    private static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }

    /** Bound at the first use, once oneDNN is loaded, which brings the functions. */
    private static final class Handles {
        private static final MethodHandle SET =
                bind("omp_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        private static final MethodHandle GET =
                bind("omp_get_max_threads", FunctionDescriptor.of(ValueLayout.JAVA_INT));

        private static MethodHandle bind(String function, FunctionDescriptor descriptor) {
            return Linker.nativeLinker()
                    .downcallHandle(SymbolLookup.loaderLookup().findOrThrow(function), descriptor);
        }
    }
}
