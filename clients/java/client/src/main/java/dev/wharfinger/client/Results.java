package dev.wharfinger.client;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A Struct as values of a program: as maps and lists, or as a record of the caller's. */
final class Results {
  private Results() {}

  /** Maps, lists, text, booleans and null; whole numbers are Long, others Double. */
  static Map<String, Object> map(Struct struct) {
    Map<String, Object> map = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((name, value) -> map.put(name, plain(value)));
    return Collections.unmodifiableMap(map);
  }

  private static Object plain(Value value) {
    return switch (value.getKindCase()) {
      case STRUCT_VALUE -> map(value.getStructValue());
      case LIST_VALUE -> {
        List<Object> list = new ArrayList<>();
        value.getListValue().getValuesList().forEach(item -> list.add(plain(item)));
        yield Collections.unmodifiableList(list);
      }
      case STRING_VALUE -> value.getStringValue();
      case BOOL_VALUE -> value.getBoolValue();
      case NUMBER_VALUE -> {
        double number = value.getNumberValue();
        // Not `?:`, which would make both a double.
        if (number == Math.rint(number) && Math.abs(number) < 1L << 53) {
          yield (long) number;
        }
        yield number;
      }
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  /** Throws IllegalArgumentException that names what does not fit. */
  static <T> T as(Struct struct, Class<T> kind) {
    return kind.cast(fit(Value.newBuilder().setStructValue(struct).build(), kind, "result"));
  }

  private static Object fit(Value value, Type wanted, String path) {
    if (wanted instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == Optional.class) {
        return isNull(value) ? Optional.empty() : Optional.of(fit(value, arguments[0], path));
      }
      if (generic.getRawType() == List.class && value.hasListValue()) {
        List<Object> list = new ArrayList<>();
        for (Value item : value.getListValue().getValuesList()) {
          list.add(fit(item, arguments[0], path + "[" + list.size() + "]"));
        }
        return Collections.unmodifiableList(list);
      }
      if (generic.getRawType() == Map.class && value.hasStructValue()) {
        Map<String, Object> map = new LinkedHashMap<>();
        value.getStructValue().getFieldsMap().forEach((k, v) -> map.put(k, fit(v, arguments[1], path + "." + k)));
        return Collections.unmodifiableMap(map);
      }
    }
    if (!(wanted instanceof Class<?> kind)) {
      throw unfit(value, wanted, path);
    }
    if (isNull(value) && !kind.isPrimitive()) {
      return null;
    }
    if (kind == Value.class || (kind == Struct.class && value.hasStructValue())) {
      return kind == Value.class ? value : value.getStructValue();
    }
    if (kind.isRecord() && value.hasStructValue()) {
      return record(value.getStructValue(), kind, path);
    }
    if (kind.isEnum() && value.hasStringValue()) {
      for (Object constant : kind.getEnumConstants()) {
        if (((Enum<?>) constant).name().equals(value.getStringValue())) {
          return constant;
        }
      }
      throw unfit(value, wanted, path);
    }
    Class<?> boxed = wrapped(kind);
    if (value.hasNumberValue()) {
      return number(value, boxed, path);
    }
    Object plain = plain(value);
    if (boxed.isInstance(plain)) {
      return plain;
    }
    throw unfit(value, wanted, path);
  }

  private static Object number(Value value, Class<?> kind, String path) {
    double number = value.getNumberValue();
    if (kind == Double.class) {
      return number;
    }
    if (kind == BigDecimal.class) {
      return BigDecimal.valueOf(number);
    }
    boolean whole = number == Math.rint(number);
    if (kind == Long.class && whole && Math.abs(number) < 1L << 53) {
      return (long) number;
    }
    if (kind == Integer.class && whole && Math.abs(number) <= Integer.MAX_VALUE) {
      return (int) number;
    }
    Object plain = plain(value);
    if (kind.isInstance(plain)) {
      return plain;
    }
    throw unfit(value, kind, path);
  }

  private static Object record(Struct struct, Class<?> kind, String path) {
    RecordComponent[] components = kind.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      String name = Params.name(components[i]);
      Value value = struct.getFieldsOrDefault(name, Value.getDefaultInstance());
      values[i] = fit(value, components[i].getGenericType(), path + "." + name);
    }
    try {
      Constructor<?> constructor = kind.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException(path + " is refused by " + kind.getName() + ": " + error.getCause(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(path + ": " + kind.getName() + " can't be made: " + error, error);
    }
  }

  private static boolean isNull(Value value) {
    return value.getKindCase() == Value.KindCase.KIND_NOT_SET || value.hasNullValue();
  }

  private static Class<?> wrapped(Class<?> kind) {
    return kind.isPrimitive() ? java.lang.invoke.MethodType.methodType(kind).wrap().returnType() : kind;
  }

  private static IllegalArgumentException unfit(Value value, Type wanted, String path) {
    String found = value.getKindCase() == Value.KindCase.KIND_NOT_SET ? "missing" : String.valueOf(plain(value));
    return new IllegalArgumentException(path + " is " + found + ", no " + wanted.getTypeName());
  }
}
