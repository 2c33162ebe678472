package org.codanet.bindings;

import static org.codanet.bindings.dnnl.Dnnl.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.codanet.bindings.dnnl.dnnl_exec_arg_t;
import org.codanet.bindings.dnnl.dnnl_version_t;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The bindings against the real library. */
final class OneDnnTest {
    @BeforeAll
    static void load() {
        OneDnn.load();
    }

    @Test
    void loadingIsIdempotentFromManyThreads() throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Future<LoadedLibrary>> all = IntStream.range(0, 32)
                    .mapToObj(i -> threads.submit(OneDnn::load))
                    .toList();
            for (Future<LoadedLibrary> each : all) {
                assertSame(OneDnn.load(), each.get());
            }
        }
    }

    @Test
    void theVersionReadWhileSearchingIsTheOneTheBindingsRead() {
        MemorySegment version = dnnl_version();
        assertEquals(
                dnnl_version_t.major(version) + "." + dnnl_version_t.minor(version) + "."
                        + dnnl_version_t.patch(version),
                OneDnn.load().version());
        assertEquals(DNNL_VERSION_MAJOR(), dnnl_version_t.major(version));
    }

    @Test
    void everyConvolutionDirectionIsBound() {
        List<String> functions = NativeLibrary.functionsOf(org.codanet.bindings.dnnl.Dnnl.class);
        assertTrue(
                functions.containsAll(List.of(
                        "dnnl_convolution_forward_primitive_desc_create",
                        "dnnl_convolution_backward_data_primitive_desc_create",
                        "dnnl_convolution_backward_weights_primitive_desc_create")),
                functions.toString());
    }

    @Test
    void aMatmulThroughTheBindingsIsRight() {
        // 2 x 3 times 3 x 2: neighbouring extents differ, so that a transposed operand is noticed.
        float[] product = new float[4];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            check(dnnl_engine_create(out, dnnl_cpu(), 0));
            MemorySegment engine = out.get(ValueLayout.ADDRESS, 0);
            check(dnnl_stream_create(out, engine, dnnl_stream_default_flags()));
            MemorySegment stream = out.get(ValueLayout.ADDRESS, 0);
            MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
            MemorySegment b = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, -1, 2, 0, 0, 3);
            MemorySegment c = arena.allocate(ValueLayout.JAVA_FLOAT, product.length);
            MemorySegment aDesc = matrix(arena, 2, 3);
            MemorySegment bDesc = matrix(arena, 3, 2);
            MemorySegment cDesc = matrix(arena, 2, 2);
            check(dnnl_matmul_primitive_desc_create(
                    out, engine, aDesc, bDesc, MemorySegment.NULL, cDesc, MemorySegment.NULL));
            MemorySegment plan = out.get(ValueLayout.ADDRESS, 0);
            check(dnnl_primitive_desc_query(plan, dnnl_query_impl_info_str(), 0, out));
            assertNotEquals("", out.get(ValueLayout.ADDRESS, 0).reinterpret(256).getString(0));
            check(dnnl_primitive_create(out, plan));
            MemorySegment primitive = out.get(ValueLayout.ADDRESS, 0);
            List<MemorySegment> memories = List.of(
                    memory(arena, aDesc, engine, a), memory(arena, bDesc, engine, b), memory(arena, cDesc, engine, c));
            int[] roles = {DNNL_ARG_SRC(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DST()};
            MemorySegment arguments = dnnl_exec_arg_t.allocateArray(roles.length, arena);
            for (int i = 0; i < roles.length; i++) {
                MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments, i);
                dnnl_exec_arg_t.arg(argument, roles[i]);
                dnnl_exec_arg_t.memory(argument, memories.get(i));
            }
            check(dnnl_primitive_execute(primitive, stream, roles.length, arguments));
            check(dnnl_stream_wait(stream));
            MemorySegment.copy(c, ValueLayout.JAVA_FLOAT, 0, product, 0, product.length);
            memories.forEach(each -> check(dnnl_memory_destroy(each)));
            check(dnnl_primitive_destroy(primitive));
            check(dnnl_primitive_desc_destroy(plan));
            List.of(aDesc, bDesc, cDesc).forEach(each -> check(dnnl_memory_desc_destroy(each)));
            check(dnnl_stream_destroy(stream));
            check(dnnl_engine_destroy(engine));
        }
        // (1 2 3; 4 5 6) (1 -1; 2 0; 0 3): small integers, exact in float32 in any order of summation.
        assertArrayEquals(new float[] {5, 8, 14, 14}, product);
    }

    @Test
    void theThreadCountIsTheCallingThreadsOwn() throws Exception {
        int before = OpenMp.threads();
        try {
            OpenMp.setThreads(3);
            assertEquals(3, OpenMp.threads());
            try (var other = Executors.newSingleThreadExecutor()) {
                assertEquals(
                        5,
                        other.submit(() -> {
                                    OpenMp.setThreads(5);
                                    return OpenMp.threads();
                                })
                                .get());
            }
            assertEquals(3, OpenMp.threads());
        } finally {
            OpenMp.setThreads(before);
        }
    }

    @Test
    void idleThreadsSleepUnlessTheEnvironmentSaysOtherwise() throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle get = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("getenv"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        String configured = System.getenv("OMP_WAIT_POLICY");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment policy = (MemorySegment) get.invokeExact(arena.allocateFrom("OMP_WAIT_POLICY"));
            assertEquals(
                    configured == null ? "passive" : configured,
                    policy.reinterpret(64).getString(0));
        }
    }

    @Test
    void noThreadsAtAllIsRefused() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> OpenMp.setThreads(0))
                .getMessage()
                .contains("at least 1"));
    }

    private static MemorySegment matrix(Arena arena, long rows, long columns) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment extents = arena.allocateFrom(ValueLayout.JAVA_LONG, rows, columns);
        check(dnnl_memory_desc_create_with_tag(out, 2, extents, dnnl_f32(), dnnl_ab()));
        return out.get(ValueLayout.ADDRESS, 0);
    }

    private static MemorySegment memory(Arena arena, MemorySegment desc, MemorySegment engine, MemorySegment data) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        check(dnnl_memory_create(out, desc, engine, data));
        return out.get(ValueLayout.ADDRESS, 0);
    }

    private static void check(int status) {
        assertEquals(dnnl_success(), status);
    }
}
