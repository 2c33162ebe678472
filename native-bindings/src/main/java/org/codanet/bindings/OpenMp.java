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
 * The number of threads of the OpenMP runtime that oneDNN uses. Every thread has its own setting, which applies to the
 * computations that this thread starts.
 */
public final class OpenMp {
    private OpenMp() {}

    /**
     * Sets the number of threads for computations of the calling thread. Loads oneDNN if necessary.
     *
     * @throws IllegalArgumentException if {@code threads} is not positive
     * @throws NativeLibraryException if oneDNN cannot be loaded
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

    /** The largest number of threads for computations of the calling thread. Loads oneDNN if necessary. */
    public static int threads() {
        OneDnn.load();
        try {
            return (int) Handles.GET.invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /**
     * Makes idle threads of the runtime sleep, unless the environment variable {@code OMP_WAIT_POLICY} is set. By default they spin for
     * milliseconds after each computation, on processors that the caller's threads then need. The runtime reads the variable when it is
     * loaded, so call this before. Child processes are not affected, because Java keeps its own copy of the environment.
     */
    static void waitPassively() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
        if (setenv.isEmpty()) {
            return; // Not a POSIX system: keep the default.
        }
        MethodHandle set = linker.downcallHandle(
                setenv.get(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int keep = 0;
            int status =
                    (int) set.invokeExact(arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("passive"), keep);
            assert status == 0 : "setenv fails only if memory is exhausted";
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

    /** Bound at the first use, after oneDNN has loaded the runtime. */
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
