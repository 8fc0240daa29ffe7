//! What C, C++, C#, Ruby, PHP and Kotlin define.

use super::*;

#[test]
fn c_functions_types_and_macros_are_found_and_variables_are_not() {
    check(
        "a.c",
        r#"
#include <a.h>
#define LIMIT 3
#define MAX(a, b) ((a) > (b) ? (a) : (b))
typedef struct node { int x; } node;
typedef struct { int x; } *list_t;
typedef int (*callback)(int);
struct ahead;
struct ahead *later(struct ahead *a);
static int *table[3], count;
int (*handler)(int);
enum color { RED };
static int helper(int);
static int helper(int x) { int inner(int); struct local { int y; } z; return x; }
#ifdef WIDE
int run(long x) {
#else
int run(int x) {
#endif
  return MAX(x, 1); }
LIB_API list_t *make(void) LIB_HIDDEN;
int (hidden)(void) { return 0; }
int (*pick(int kind))(int) { return 0; }
TEST(Suite, name) { }
const char *text = "int no(void) {}"; /* int no(void) {} */
"#,
        "MAX node list_t callback later color helper helper.local run make hidden pick",
    );
}

#[test]
fn cpp_members_belong_to_their_class_wherever_they_are_written() {
    check(
        "a.h",
        r#"
namespace a::b {
class LIB_EXPORT Shape final : public Base {
 public:
  Shape(int x);
  ~Shape();
  virtual double area() const = 0;
  bool operator ==(const Shape& other) const { return true; }
  explicit operator bool() const;
  operator const char *() const;
  template <class T> T as() { return T(); }
  friend class Other;
  friend bool before(Shape, Shape);
  enum class Kind { Round };
  int (*hook)(int);
 private:
  int width_ = 3;
  Q_OBJECT
};
template <> int Box<int>::size() { return 4; }
using Id = int;
template <class T> concept Small = sizeof(T) < 4;
}
a::b::Shape::Shape(int x) : width_(x) {}
namespace { int hidden() { return 1; } }
extern "C" { int plain(void); }
TEST_F(Suite, name) { }
"#,
        "a.b.Shape a.b.Shape.~Shape a.b.Shape.area a.b.Shape.operator== a.b.Shape.operator__blank__bool \
         a.b.Shape.operator__blank__const__blank__char__blank__* \
         a.b.Shape.as a.b.Shape.Kind a.b.Box.size a.b.Id a.b.Small a.b.Shape.Shape hidden plain",
    );
}

#[test]
fn csharp_members_with_code_are_found_and_fields_are_not() {
    check(
        "a.cs",
        r#"
using System;
namespace Shop.Orders {
  public record Line(int Id);
  public class Cart<T> : Base where T : new() {
    public int Count { get; set; }
    public int Total => 3;
    public Cart(int x) { }
    ~Cart() { }
    public static Cart<T> operator +(Cart<T> a, Cart<T> b) => a;
    public T this[int i] => default;
    void IAdd.Add() { void Local() { } }
    public delegate int Price(int x);
    public event EventHandler Changed;
    async Task<int> Wait(
#if NET
      int a
#else
      long a
#endif
    ) { return 1; }
  }
  enum Kind { A }
  interface IAdd { void Add(); }
}
"#,
        "Shop.Orders.Line Shop.Orders.Cart Shop.Orders.Cart.Total Shop.Orders.Cart.Cart Shop.Orders.Cart.~Cart \
         Shop.Orders.Cart.operator+ Shop.Orders.Cart.this Shop.Orders.Cart.Add Shop.Orders.Cart.Add.Local \
         Shop.Orders.Cart.Price Shop.Orders.Cart.Wait Shop.Orders.Kind Shop.Orders.IAdd Shop.Orders.IAdd.Add",
    );
    check("b.cs", "namespace Shop;\nstruct Money { }\n", "Money");
}

#[test]
fn ruby_modules_classes_and_methods_of_both_kinds_are_found() {
    check(
        "a.rb",
        r#"
module Shop::Orders
  class Cart < Base
    attr_reader :lines
    def self.make(x) = new(x)
    def ==(other); end
    def total=(value)
    end
    class << self
      def load; end
    end
    private def hidden; end
    Line = Struct.new(:id) do
      def price; end
    end
    LIMIT = 3
  end
end
def top
  "def no; end"
end
# def no; end
"#,
        "Shop.Orders Shop.Orders.Cart Shop.Orders.Cart.make Shop.Orders.Cart.== Shop.Orders.Cart.total= \
         Shop.Orders.Cart.load Shop.Orders.Cart.hidden Shop.Orders.Cart.Line Shop.Orders.Cart.Line.price top",
    );
}

#[test]
fn php_is_found_between_its_tags() {
    check(
        "a.php",
        r#"<h1>function no() {}</h1>
<?php
namespace App\Http;
use function strlen;
abstract class Cart extends Base implements Counts {
  use Lines;
  private int $count = 0;
  public function __construct(private int $id) {}
  abstract protected function &total(): int;
  public string $name { get => 'x'; }
}
interface Counts { public function count(): int; }
trait Lines { function add() { return function () {}; } }
enum Kind: string { case A = 'a'; public function label(): string { return ''; } }
function helper() { $f = fn ($x) => $x; return new class { public function inner() {} }; }
?>
"#,
        "Cart Cart.__construct Cart.total Cart.$name Counts Counts.count Lines Lines.add Kind Kind.label helper helper.inner",
    );
}

#[test]
fn kotlin_functions_belong_to_what_they_extend() {
    check(
        "a.kt",
        r#"package a
import b.C
@JvmName("x")
fun <T> List<T>.second(): T = this[1]
fun String?.orNone() = this ?: ""
class Cart(val id: Int) : Base() {
    constructor(text: String) : this(1)
    companion object {
        fun make() = Cart(1)
    }
    val total: Int
        get() = 3
    var plain = 1
    private suspend fun load(map: Map<*, *>) {
        fun local() {}
    }
}
enum class Kind {
    A {
        override fun price() = 1
    },
    B;
    open fun price() = 2
}
interface Counts { fun count(): Int }
object Registry
typealias Id = String
fun `a name`() {}
val text = "fun no() {}"
"#,
        "List.second String.orNone Cart Cart.constructor Cart.Companion Cart.Companion.make Cart.total Cart.load \
         Cart.load.local Kind Kind.A.price Kind.price Counts Counts.count Registry Id a__blank__name",
    );
}
