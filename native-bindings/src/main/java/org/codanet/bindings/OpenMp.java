package org.codanet.bindings;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

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
