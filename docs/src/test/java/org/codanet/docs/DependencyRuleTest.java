package org.codanet.docs;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.text.DecimalFormat;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.codanet.cli.Main;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dependencies between modules and packages are exactly those that docs/architecture.md draws. */
final class DependencyRuleTest {
    private static final String BINDINGS = "org.codanet.bindings..";
    private static final String NN = "org.codanet.nn..";
    private static final String CPU = "org.codanet.nn.cpu..";
    private static final String REFERENCE = "org.codanet.nn.reference..";
    private static final String GPU = "org.codanet.gpu..";
    private static final String CLI = "org.codanet.cli..";
    private static final String BENCH = "org.codanet.bench..";

    /** The classes of org.codanet that may use native memory. Each takes or returns bytes that other code owns. */
    private static final Set<String> MAY_NAME_MEMORY = Set.of(
            "org.codanet.file.TensorData", // the bytes of a tensor in a mapped file
            "org.codanet.data.batch.ImageBatch"); // images that a caller hands in

    private static final Pattern CUDA_WORD =
            Pattern.compile("cuda|cudnn|cublas|nvrtc|nvidia", Pattern.CASE_INSENSITIVE);

    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.codanet");

    /** Everything of the module codanet: data, models, training, explanations, pictures. */
    private static final DescribedPredicate<JavaClass> CODANET =
            not(resideInAnyPackage(BINDINGS, NN, GPU, CLI, BENCH)).as("reside in the module codanet");

    /** Without this check, a rule about classes that do not exist would always hold. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.codanet.bindings.OneDnn",
                "org.codanet.bindings.dnnl.Dnnl",
                "org.codanet.bindings.cuda.Cuda",
                "org.codanet.gpu.op.CudaElementwise",
                "org.codanet.nn.device.Device",
                "org.codanet.nn.layer.Layer",
                "org.codanet.nn.cpu.runtime.CpuMemory",
                "org.codanet.model.CodaNetConfig",
                "org.codanet.cli.Main"
            })
    void theClassesOfEveryModuleAreSeen(String name) {
        assertTrue(ALL.contain(name), name + " is not among the " + ALL.size() + " classes that were found");
    }

    /** A library must not change settings of the program that uses it. The command line is itself a program, so it may. */
    @Test
    void onlyTheCommandLineSetsSystemPropertiesAndNotInAStaticInitialiser() {
        noClasses()
                .that(not(type(Main.class)))
                .should()
                .callMethod(System.class, "setProperty", String.class, String.class)
                .orShould()
                .callMethod(System.class, "setProperties", Properties.class)
                .check(ALL);
        assertTrue(ALL.get(Main.class).getStaticInitializer().isEmpty(), "Main has a static initialiser");
    }

    @Test
    void noPackagesDependOnEachOtherInACycle() {
        slices().matching("org.codanet.(**)").should().beFreeOfCycles().check(ALL);
    }

    /** In the default locale, numbers could have other digits, as in Egypt, and "I" another lower case, as in Turkey. */
    @Test
    void noTextDependsOnTheDefaultLocale() {
        Set<String> methods =
                Set.of("format", "formatted", "printf", "toLowerCase", "toUpperCase", "getDefault", "<init>");
        Set<Class<?>> owners = Set.of(
                String.class, PrintStream.class, PrintWriter.class, Formatter.class, DecimalFormat.class, Locale.class);
        Set<Class<?>> madeWithoutLocale = Set.of(String.class, PrintStream.class, PrintWriter.class);
        Predicate<JavaAccess<?>> usesDefault = access -> access.getTarget() instanceof CodeUnitAccessTarget target
                && methods.contains(target.getName())
                && owners.stream().anyMatch(target.getOwner()::isEquivalentTo)
                && target.getRawParameterTypes().stream().noneMatch(type -> type.isEquivalentTo(Locale.class))
                && !(target.getName().equals("<init>")
                        && madeWithoutLocale.stream().anyMatch(target.getOwner()::isEquivalentTo));
        noClasses()
                .that(not(resideInAPackage(BINDINGS)).as("are not generated"))
                .should()
                .accessTargetWhere(
                        DescribedPredicate.describe("uses the default locale; pass Locale.ROOT", usesDefault))
                .check(ALL);
    }

    @Test
    void theBindingsKnowNothingOfTheRest() {
        noClasses()
                .that(resideInAPackage(BINDINGS))
                .should()
                .dependOnClassesThat(resideInAPackage("org.codanet..").and(not(resideInAPackage(BINDINGS))))
                .check(ALL);
    }

    @Test
    void onlyTheCpuDeviceUsesOneDnn() {
        noClasses()
                .that(not(resideInAnyPackage(BINDINGS, CPU)))
                .should()
                .dependOnClassesThat(resideInAPackage("org.codanet.bindings.dnnl.."))
                .check(ALL);
    }

    @Test
    void onlyDevicesUseTheBindings() {
        noClasses()
                .that(not(resideInAnyPackage(BINDINGS, CPU, GPU)))
                .should()
                .dependOnClassesThat(resideInAPackage(BINDINGS))
                .check(ALL);
    }

    /** The packages that jextract generates for CUDA. Everything else uses the classes around them, which check each call. */
    @Test
    void onlyDriverKernelAndLibraryUseTheBindingsOfCuda() {
        noClasses()
                .that(not(resideInAnyPackage(
                        BINDINGS, "org.codanet.gpu.driver..", "org.codanet.gpu.kernel..", "org.codanet.gpu.library..")))
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "org.codanet.bindings.cuda..",
                        "org.codanet.bindings.cublas..",
                        "org.codanet.bindings.cublaslt..",
                        "org.codanet.bindings.cudnn..",
                        "org.codanet.bindings.nvrtc.."))
                .check(ALL);
    }

    @Test
    void nnKnowsNothingAboveIt() {
        noClasses()
                .that(resideInAPackage(NN))
                .should()
                .dependOnClassesThat(resideInAnyPackage(GPU, CLI, BENCH).or(inCodanet()))
                .check(ALL);
    }

    @Test
    void nobodyNamesAConcreteDevice() {
        noClasses()
                .that(not(resideInAPackage(CPU)))
                .should()
                .dependOnClassesThat(resideInAPackage(CPU))
                .check(ALL);
        noClasses()
                .that(not(resideInAPackage(REFERENCE)))
                .should()
                .dependOnClassesThat(resideInAPackage(REFERENCE))
                .check(ALL);
        noClasses()
                .that(not(resideInAPackage(GPU)))
                .should()
                .dependOnClassesThat(resideInAPackage(GPU))
                .check(ALL);
    }

    @Test
    void theGpuKnowsOnlyTheDeviceInterfaceAndItsBindings() {
        noClasses()
                .that(resideInAPackage(GPU))
                .should()
                .dependOnClassesThat(resideInAnyPackage(CLI, BENCH).or(inCodanet()))
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void codanetKnowsNeitherTheCommandLineNorTheBenchmarks() {
        noClasses()
                .that(inCodanet())
                .should()
                .dependOnClassesThat(resideInAnyPackage(CLI, BENCH))
                .check(ALL);
    }

    @Test
    void codanetTouchesNativeMemoryOnlyWhereACallerHandsItIn() {
        noClasses()
                .that(inCodanet().and(not(isOneOf(MAY_NAME_MEMORY))))
                .should()
                .dependOnClassesThat(type(MemorySegment.class))
                .check(ALL);
    }

    @Test
    void noCudaWordStandsInTheSourcesOfCodanet() {
        List<String> found = SourceTree.files("codanet/src/main", ".java").stream()
                .flatMap(file -> SourceTree.lines(file).stream()
                        .filter(line -> CUDA_WORD.matcher(line).find())
                        .map(line -> SourceTree.root().relativize(file) + ": " + line.strip()))
                .toList();
        assertEquals(List.of(), found);
    }

    private static DescribedPredicate<JavaClass> isOneOf(Set<String> names) {
        return DescribedPredicate.describe(
                "are among " + names, type -> names.contains(type.getName().replaceAll("\\$.*", "")));
    }

    private static DescribedPredicate<JavaClass> inCodanet() {
        return resideInAPackage("org.codanet..").and(CODANET);
    }

    /** JUnit's own assumptions skip tests silently and ignore {@code codanet.requireGpu}. */
    @Test
    void testsSkipByOneClassAlone() {
        Pattern assumption = Pattern.compile("^import .*\\b(Assumptions|TestAbortedException)\\b");
        List<String> others = SourceTree.files("", ".java").stream()
                .filter(file -> SourceTree.lines(file).stream()
                        .anyMatch(line -> assumption.matcher(line).find()))
                .map(file -> file.getFileName().toString())
                .toList();
        assertEquals(List.of("SkipTest.java", "Skip.java"), others);
    }
}
